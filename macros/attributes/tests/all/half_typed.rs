//! Attributes while they are being written: nothing panics, and what is not read is reported.

use orch_manifest::fragment::Declaration;
use proc_macro2::{Group, TokenStream, TokenTree};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::{Attribute, read};

const RICH: &str = r#"
    kind = "database", image = "postgres:16", id = "postgres", deployment = "container",
    ports = [5432, 5433], port(8080, name = "http", protocol = "tcp", host_port = 18080, public),
    ingress(host = "a.b", path = "/", port = "http", tls = "cert"), provides = ["sql"], consumes = ["x"],
    env(A = "x", "b.c" = secret("s", key = "k"), D = var("V", default = "x"), E = template("{id}:{env:A}")),
    app_env(URL = "{host}:{port}/{secret:s}"), command = ["a", var("B")],
    volume("/data", name = "data", size = "1Gi"), volume(path = "/tmp", ephemeral = true),
    file("/etc/x", source = "x", template), of = "x", protocol = "oidc",
    health(http = "/h", port = "http", live = "/l", interval = "1s", retries = 3),
    resources(cpu = "1", memory = "1Gi"), replicas = 2, scale(min = 1, max = 2), user = "1:1",
    egress(port = 443, cidr = "0.0.0.0/0"), ulimit(nofile = [1, 2]), labels("a/b" = "c"), restricted = false
"#;

/// Every cut of a stream, in its groups as well: what an editor has when brackets close themselves.
fn prefixes(stream: &TokenStream) -> Vec<TokenStream> {
    let trees: Vec<TokenTree> = stream.clone().into_iter().collect();
    let mut all = Vec::new();
    for end in 0..=trees.len() {
        all.push(trees[..end].iter().cloned().collect());
        if let Some(TokenTree::Group(group)) = trees.get(end) {
            for inner in prefixes(&group.stream()) {
                let group = TokenTree::Group(Group::new(group.delimiter(), inner));
                all.push(trees[..end].iter().cloned().chain([group]).collect());
            }
        }
    }
    all
}

/// Every stream with one token left out.
fn without_one(stream: &TokenStream) -> Vec<TokenStream> {
    let trees: Vec<TokenTree> = stream.clone().into_iter().collect();
    let mut all = Vec::new();
    for at in 0..trees.len() {
        let around = |middle: Option<TokenTree>| -> TokenStream {
            trees[..at].iter().cloned().chain(middle).chain(trees[at + 1..].iter().cloned()).collect()
        };
        all.push(around(None));
        if let TokenTree::Group(group) = &trees[at] {
            for inner in without_one(&group.stream()) {
                all.push(around(Some(TokenTree::Group(Group::new(group.delimiter(), inner)))));
            }
        }
    }
    all
}

fn is_read_or_reported(attribute: Attribute, tokens: &TokenStream) {
    let (declaration, problems) = read(attribute, tokens.clone());
    assert!(declaration.is_some() || !problems.is_empty(), "{attribute:?} says nothing about {tokens}");
    if problems.is_empty() {
        let contradictions = match &declaration {
            Some(Declaration::Service(service)) => service.contradictions(),
            Some(Declaration::App(app)) => app.contradictions(),
            _ => Vec::new(),
        };
        assert!(contradictions.is_empty(), "nothing is said of {tokens}, and {contradictions:?}");
    }
    for problem in problems {
        assert!(problem.help.is_some(), "`{}` says nothing to write", problem.message);
        assert!(!problem.message.contains('\n') && !problem.message.ends_with('.'), "{}", problem.message);
        assert!(!problem.message.starts_with(char::is_uppercase), "{}", problem.message);
    }
}

#[test]
fn every_cut_of_an_attribute_is_read_or_reported() {
    let rich: TokenStream = RICH.parse().unwrap();
    let cuts = prefixes(&rich);
    assert!(cuts.len() > 250, "{}", cuts.len());
    for cut in cuts {
        for (_, attribute) in Attribute::ALL {
            is_read_or_reported(attribute, &cut);
        }
    }
}

#[test]
fn every_forgotten_token_is_read_or_reported() {
    for tokens in without_one(&RICH.parse().unwrap()) {
        is_read_or_reported(Attribute::Service, &tokens);
    }
}

#[test]
fn a_cut_leads_to_few_problems() {
    // What is required may be missing as well; nothing else follows from an unfinished end.
    for cut in prefixes(&r#"kind = "database", image = "postgres:16", port(5432, name = "sql")"#.parse().unwrap()) {
        let (_, problems) = read(Attribute::Service, cut.clone());
        assert!(problems.len() <= 2, "{cut}: {problems:#?}");
    }
}

fn any_tokens() -> impl Strategy<Value = Vec<TokenTree>> {
    let words = "kind|image|port|env|health|volume|secret|\\$|=|==|,|;|::|\"x\"|\"\\{\"|0|99999999999999999999999|1.5|-1|'c'|b\"x\"|true|(\\[1, \"a\"\\])|(\\(\"/a\", name = 1\\))|(\\{x\\})|#|!|r#fn|_|1u8";
    proptest::collection::vec(words, 0..12)
        .prop_map(|words| words.iter().filter_map(|word| word.parse::<TokenStream>().ok()).flatten().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn any_tokens_are_read_or_reported(tokens in any_tokens().prop_map(|trees| format!("{}", trees.into_iter().collect::<TokenStream>()))) {
        for (_, attribute) in Attribute::ALL {
            is_read_or_reported(attribute, &tokens.parse().unwrap());
        }
    }

    #[test]
    fn tokens_in_another_order_are_read_or_reported(from in any::<Index>(), to in any::<Index>()) {
        let mut trees: Vec<TokenTree> = RICH.parse::<TokenStream>().unwrap().into_iter().collect();
        let (from, to) = (from.index(trees.len()), to.index(trees.len()));
        trees.swap(from, to);
        is_read_or_reported(Attribute::Service, &trees.into_iter().collect());
    }
}

//! Reading sources gives the manifest that compiling them gives, to the byte, or says what it cannot know.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use support::{Ran, Workspace, depending, on, service};

/// A service on the next item, with this id.
fn attribute(id: &str) -> String {
    format!("#[orch::service(kind = \"other\", image = \"x:1\", id = \"{id}\")]")
}

/// Replaces each `@id ` by an attribute that declares a service of that id.
fn source(text: &str) -> String {
    let mut parts = text.split('@');
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (id, rest) = part.split_once(' ').unwrap();
        result.push_str(&attribute(id));
        result.push(' ');
        result.push_str(rest);
    }
    result
}

/// Both ways of reading; what each says of the lines is compared too.
fn both(workspace: &Workspace, flags: &[&str]) -> (Ran, Ran) {
    let run = |more: &[&str]| workspace.run(&[&["manifest", "--locations"], flags, more].concat());
    (run(&[]), run(&["--no-compile"]))
}

/// Reading gives what compiling gives, with services of these ids.
fn same(workspace: &Workspace, flags: &[&str], ids: &[&str]) {
    let (compiled, read) = both(workspace, flags);
    let (compiled, read) = (compiled.success(), read.success());
    assert_eq!(compiled.stdout, read.stdout, "{}", read.stderr);
    let manifest = orch_manifest::manifest::Manifest::from_json(&read.stdout).unwrap();
    assert_eq!(support::all_services(&manifest), ids);
}

/// Reading says what it cannot know, and exits with 1; allowed to, it goes on and writes it down.
fn incomplete(workspace: &Workspace, flags: &[&str], reasons: &[&str]) {
    workspace.run(&[&["manifest", "--no-compile"], flags].concat()).ends(1).says(&["incomplete"]);
    let allowed = [&["manifest", "--no-compile", "--allow-incomplete"], flags].concat();
    let manifest = workspace.manifest(&allowed[1..]);
    assert_eq!(manifest.incomplete, reasons);
}

#[test]
fn items_of_every_kind() {
    let workspace = Workspace::new("scan-kinds");
    let text = source(
        "//! @doc is no attribute\n\
        /// text\n@struct-unit struct Unit;\n@struct-tuple pub struct Tuple(pub u8);\n\
        @struct-named #[derive(Debug)] pub(crate) struct Named<T: Copy, const N: usize> where T: Into<u8> { t: [T; N] }\n\
        @enum enum Enum { A, B = { 1 + 1 } }\n@union union Union { a: u8, b: i8 }\n@type type Alias<T> = Vec<T>;\n\
        @const const CONST: fn(u8) -> u8 = { |x| x };\n@static static mut STATIC: [u8; { 1 + 1 }] = [0; 2];\n\
        @fn pub const unsafe extern \"C\" fn function<'a>(a: &'a u8) -> &'a u8 { a }\n@async-fn async fn later() {}\n\
        @trait pub trait Trait { @method-default fn provided(&self) -> Option<u8> { None } fn required(&self); }\n\
        @impl impl<T: Copy, const N: usize> Named<T, N> where T: Into<u8> { @method fn method(&self) {} @assoc-const const X: u8 = 1; }\n\
        @impl-trait impl Trait for [u8; 3] { fn required(&self) { @in-body struct Inside; } }\n\
        @mod mod inline { @in-mod struct A; mod deeper { #![allow(unused)] @in-deeper pub enum B { X } } }\n\
        @use use std::fmt::{self as format, Debug as _};\n@extern-block unsafe extern \"C\" {}\n\
        fn body() { if true { @in-block struct C; } let _ = || { @in-closure fn f() {} }; mod within { @in-body-mod struct D; } }\n\
        const _: () = { @in-const struct E; };\n@underscore-const const _: u8 = 1;\n\
        @macro-call std::thread_local! { static X: u8 = 1; }\n@raw struct r#struct;\n\
        @twice-a @twice-b struct Twice;\n    /* é */ @column struct Column; @same-line struct SameLine;\n\
        @macro-rules macro_rules! nothing { () => {}; }\n",
    );
    workspace.library("adapter", "", &format!("#![allow(warnings)]\n{text}")).app("api", &["adapter"]);
    let ids: Vec<&str> = text.split("id = \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let mut ids: Vec<&str> = ids.into_iter().filter(|id| *id != "doc").collect();
    ids.sort_unstable();
    assert_eq!(ids.len(), 34);
    same(&workspace, &[], &ids);
}

#[test]
fn names_that_follow_from_the_item() {
    let workspace = Workspace::new("scan-derived");
    let service = "#[orch::service(kind = \"cache\", image = \"acme/cache:7\")]\n";
    let items = [
        "pub struct PostgresAdapter;",
        "impl<T> From<T> for RedisCache where T: Into<u8> { fn from(_: T) -> Self { RedisCache } }\npub struct RedisCache;",
        "pub fn mail_sender() {}",
        "mod search_index {}",
        "pub struct r#union;",
    ];
    let text = items.map(|item| format!("{service}{item}\n")).concat();
    workspace.library("adapter", "", &format!("#![allow(warnings)]\n{text}")).app("api", &["adapter"]);
    same(&workspace, &[], &["mail-sender", "postgres-adapter", "redis-cache", "search-index", "union"]);
}

#[test]
fn modules_in_files() {
    let workspace = Workspace::new("scan-files");
    let text = "mod beside;\nmod folder;\n#[path = \"elsewhere/named.rs\"] mod renamed;\n\
        #[path = \"thread\"] mod inline { #[path = \"tls.rs\"] mod local; mod plain; }\n\
        mod outer { mod inner; }\n#[path = \"../shared/outside.rs\"] mod outside;\npub mod r#type;\n\
        #[cfg(any())] mod missing;\ninclude!(\"included.rs\");\n\
        include!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/src/\", \"absolute.rs\"));\n\
        fn body() { #[path = \"in_body.rs\"] mod in_body; }\n";
    workspace.library("adapter", "", &format!("#!/bin/sh\n{text}")).app("api", &["adapter"]);
    let files = [
        (
            "src/beside.rs",
            "mod below;\n#[path = \"beside/other.rs\"] mod other;\nmod wrap { mod within; }\n@beside struct A;",
        ),
        ("src/beside/below.rs", "\u{feff}@below struct A;"),
        ("src/beside/other.rs", "@other struct A;\nmod next;"),
        ("src/beside/next.rs", "@next struct A;"),
        ("src/beside/wrap/within.rs", "@within struct A;"),
        ("src/folder/mod.rs", "mod part;\r\n@folder struct A;\r\n"),
        ("src/folder/part.rs", "#![cfg(all())]\n@part struct A;"),
        ("src/elsewhere/named.rs", "@named struct A;"),
        ("src/thread/tls.rs", "@tls struct A;"),
        ("src/thread/plain.rs", "@plain struct A;"),
        ("src/outer/inner.rs", "@inner struct A;"),
        ("shared/outside.rs", "@outside struct A;"),
        ("src/type.rs", "@type struct A;"),
        ("src/included.rs", "@included struct A;\nmod from_included;"),
        ("src/from_included.rs", "@from-included struct A;"),
        ("src/absolute.rs", "@absolute struct B;"),
        ("src/in_body.rs", "@in-body struct A;"),
        ("src/unused.rs", "@unused struct A;"),
        ("src/missing.rs", "@missing struct A;"),
    ];
    for (path, text) in files {
        workspace.write(&format!("crates/adapter/{path}"), &source(text));
    }
    let ids = [
        "absolute",
        "below",
        "beside",
        "folder",
        "from-included",
        "in-body",
        "included",
        "inner",
        "named",
        "next",
        "other",
        "outside",
        "part",
        "plain",
        "tls",
        "type",
        "within",
    ];
    same(&workspace, &[], &ids);
}

#[test]
fn what_cfg_leaves_out() {
    let workspace = Workspace::new("scan-cfg");
    let text = source(
        "#[cfg(feature = \"on\")] @on struct On;\n#[cfg(not(feature = \"on\"))] @off struct Off;\n\
        #[cfg(all(unix, not(windows), target_pointer_width = \"64\", any(target_os = \"linux\", target_os = \"macos\")))] @unix struct Unix;\n\
        #[cfg(test)] mod tests { @tests struct T; }\n#[cfg(debug_assertions)] @debug struct Debug;\n#[cfg(doc)] @docs struct Doc;\n\
        @before #[cfg(any())] struct Before;\n#[cfg(false)] @never struct Never;\n#[cfg(true)] @always struct Always;\n\
        mod inner { #![cfg(feature = \"off\")] @inner struct A; }\n\
        fn body() { #[cfg(any())] { @block struct B; } #[cfg(all())] let _ = { @statement struct C; 1 }; }\n\
        #[test] fn test() { @in-test struct D; }\n",
    );
    let conditional = "#[cfg_attr(feature = \"on\", orch::service(kind = \"other\", image = \"x:1\", id = \"attr-on\"))]\n\
        #[cfg_attr(not(feature = \"on\"), orch::service(kind = \"other\", image = \"x:1\", id = \"attr-off\"))] struct Attr;\n\
        #[cfg_attr(all(), cfg_attr(all(), ::orch::service(kind = \"other\", image = \"x:1\", id = \"nested\")))] struct Nested;\n\
        #[cfg_attr(all(), cfg(any()))] #[orch::service(kind = \"other\", image = \"x:1\", id = \"gone\")] struct Gone;\n\
        #[cfg_attr(all(), path = \"chosen.rs\")] mod file;\n\
        #[orch::service(kind = \"other\", image = \"x:1\", id = \"image\")]\n#[cfg_attr(any(), orch::app)] struct Image;\n";
    let text = text.replace("#[cfg(any())] { ", "#[cfg(any())] struct Nothing; { ");
    workspace.package(
        "crates/adapter",
        &format!("[features]\ndefault = [\"on\"]\non = []\noff = []\n{}", depending("")),
        "src/lib.rs",
        &format!("#![allow(warnings)]\n{text}{conditional}"),
    );
    workspace.write("crates/adapter/src/chosen.rs", &source("@chosen struct A;"));
    workspace.app("api", &["adapter"]);
    let ids = ["always", "attr-on", "block", "chosen", "debug", "image", "nested", "on", "statement", "unix"];
    same(&workspace, &[], &ids);
    let ids: Vec<&str> = ids.into_iter().filter(|id| *id != "debug").collect();
    same(&workspace, &["--release"], &ids);
}

#[test]
fn the_attribute_under_any_name() {
    let workspace = Workspace::new("scan-names");
    let service = "(kind = \"other\", image = \"x:1\", id = \"ID\")]";
    let modules: Vec<String> = [
        ("global", "#[::orch::service"),
        ("imported", "use orch::service;\n#[service"),
        ("renamed", "use orch::service as svc;\n#[svc"),
        ("grouped", "use orch::{self as o, app as application, service as declared};\n#[declared"),
        ("crate-renamed", "use orch as infra;\n#[infra::service"),
        ("glob", "use orch::*;\n#[service"),
        ("self-path", "use orch::service as mine;\n#[self::mine"),
        ("super-path", "#[super::root_alias"),
        ("crate-path", "#[crate::root_alias"),
        ("super-glob", "use super::*;\n#[root_alias"),
        ("prelude", "use crate::prelude::*;\n#[exported"),
        ("extern-crate", "extern crate orch as ext;\n#[self::ext::service"),
        ("chain", "use crate::prelude::orch::service as chained;\n#[chained"),
        ("braces", "use {orch::{service as braced}};\n#[braced"),
        ("facade", "#[acme::orch::service"),
        ("facade-item", "#[acme::declare"),
        ("facade-glob", "use acme::prelude::*;\n#[service"),
        ("facade-crate", "#[acme::infra::service"),
        ("raw", "use orch::service as r#macro;\n#[r#macro"),
        ("in-function", "fn f() { use orch::service as local; #[local"),
    ]
    .iter()
    .map(|(id, start)| {
        let end = if start.starts_with("fn") { "}" } else { "" };
        let name = id.replace('-', "_");
        format!("mod m_{name} {{ {start}{} pub struct S; {end} }}\n", service.replace("ID", id))
    })
    .collect();
    let text = modules.concat();
    let root = "use orch::service as root_alias;\nmod prelude { pub use orch; pub use orch::service as exported; }\n";
    workspace.library(
        "adapter",
        &on(&["facade"]).replace("facade =", "acme ="),
        &format!("#![allow(warnings)]\n{root}{text}"),
    );
    workspace.edit(
        "crates/adapter/Cargo.toml",
        "{ path = \"../facade\" }",
        "{ package = \"facade\", path = \"../facade\" }",
    );
    workspace.library(
        "facade",
        "",
        "pub use orch;\npub use orch::service as declare;\npub extern crate orch as infra;\n\
        pub mod prelude { pub use super::inner::*; }\nmod inner { pub use orch::{app, service}; }\n",
    );
    let macro_use = "#[macro_use]\nextern crate orch;\n#[service(kind = \"other\", image = \"x:1\", id = \"macro-use\")]\nstruct S;\n";
    workspace.library("old", "", macro_use).edit("crates/old/Cargo.toml", "2024", "2018");
    workspace.app("api", &["adapter", "old"]);
    let ids = [
        "braces",
        "chain",
        "crate-path",
        "crate-renamed",
        "extern-crate",
        "facade",
        "facade-crate",
        "facade-glob",
        "facade-item",
        "glob",
        "global",
        "grouped",
        "imported",
        "in-function",
        "macro-use",
        "prelude",
        "raw",
        "renamed",
        "self-path",
        "super-glob",
        "super-path",
    ];
    same(&workspace, &[], &ids);
}

#[test]
fn a_renamed_dependency_and_one_beside_the_workspace() {
    let workspace = Workspace::new("scan-renamed/here");
    let beside = Workspace::new("scan-renamed/beside");
    let declare = |name: &str, id: &str| {
        format!("#[{name}::service(kind = \"other\", image = \"x:1\", id = \"{id}\")]\npub struct S;\n")
    };
    beside.library("outside", "", &declare("orch", "outside"));
    workspace.package("crates/renamed", &depending(""), "src/lib.rs", &declare("infra", "renamed"));
    workspace.edit("crates/renamed/Cargo.toml", "orch = {", "infra = {");
    workspace.package("crates/plain", &depending(""), "src/lib.rs", &declare("orch_runtime", "plain"));
    workspace.edit("crates/plain/Cargo.toml", "orch = { package = \"orch-runtime\",", "orch-runtime = {");
    let outside = "outside = { path = \"../../../beside/crates/outside\" }\n";
    workspace.binary("api", &(on(&["renamed", "plain"]) + outside), "#[orch::app]\nfn main() {}\n");
    same(&workspace, &[], &["outside", "plain", "renamed"]);
}

#[test]
fn a_library_with_binaries() {
    let workspace = Workspace::new("scan-bins");
    workspace.package(
        "crates/api",
        &format!(
            "[features]\nextra = []\n[[bin]]\nname = \"one-app\"\npath = \"src/one.rs\"\n[[bin]]\nname = \"two\"\n\
            [[bin]]\nname = \"three\"\nrequired-features = [\"extra\"]\n{}",
            depending("")
        ),
        "src/lib.rs",
        &service("in-library", ""),
    );
    workspace
        .write("crates/api/src/lib.rs", &format!("pub use orch::app as application;\n{}", service("in-library", "")));
    workspace.write(
        "crates/api/src/one.rs",
        &source("mod part;\n#[api::application(port = 8080)]\nfn main() { @in-main struct A; }"),
    );
    workspace.write("crates/api/src/part.rs", &source("@in-part struct A;"));
    workspace.write("crates/api/src/bin/two/main.rs", "mod own;\n#[orch::app(id = \"second\")]\nfn main() {}");
    workspace.write("crates/api/src/bin/two/own.rs", &source("@in-second struct A;"));
    workspace.write("crates/api/src/bin/three.rs", &source("@in-third struct A;\n#[orch::app]\nfn main() {}"));
    workspace.write("crates/api/tests/it.rs", "#[orch::app(id = \"not-at-all\")] struct A;");
    same(&workspace, &[], &["in-library", "in-main", "in-part", "in-second"]);
    same(&workspace, &["--features", "extra"], &["in-library", "in-main", "in-part", "in-second", "in-third"]);
}

#[test]
fn each_application_has_its_own_features() {
    let workspace = Workspace::new("scan-features");
    workspace.package(
        "crates/adapter",
        &format!(
            "[features]\ntls = []\nqueue = [\"dep:queue\"]\n{}queue = {{ path = \"../queue\", optional = true }}\n",
            depending("")
        ),
        "src/lib.rs",
        &source("#[cfg(feature = \"tls\")] @with-tls struct A;\n#[cfg(not(feature = \"tls\"))] @without-tls struct B;"),
    );
    workspace.adapter("queue").adapter("tested").adapter("built");
    workspace.binary(
        "api",
        "adapter = { path = \"../adapter\", features = [\"tls\"] }\n",
        "#[orch::app]\nfn main() {}\n",
    );
    workspace.binary("worker", "adapter = { path = \"../adapter\" }\n", "#[orch::app]\nfn main() {}\n");
    workspace.package(
        "crates/queued",
        &format!(
            "[features]\nqueue = [\"adapter/queue\"]\n{}adapter = {{ path = \"../adapter\" }}\n\
            [dev-dependencies]\ntested = {{ path = \"../tested\" }}\n[build-dependencies]\nbuilt = {{ path = \"../built\" }}\n",
            depending("")
        ),
        "src/main.rs",
        "#[orch::app]\nfn main() {}\n",
    );
    same(&workspace, &[], &["with-tls", "without-tls"]);
    same(&workspace, &["-p", "queued", "--features", "queue"], &["queue", "without-tls"]);
    same(&workspace, &["-p", "api", "-p", "worker"], &["with-tls", "without-tls"]);
    workspace.write("orch.toml", "[system]\nname = \"shop\"\npackages = [\"adapter\", \"tested\"]\n");
    same(&workspace, &["-p", "api", "-p", "queued"], &["tested", "with-tls", "without-tls"]);
}

#[test]
fn a_lock_file_that_is_behind_is_brought_up_to_date() {
    let workspace = Workspace::new("scan-lock");
    workspace.adapter("first").app("api", &["first"]);
    same(&workspace, &[], &["first"]);
    workspace.adapter("second").app("api", &["first", "second"]);
    let read = workspace.run(&["manifest", "--no-compile"]).success().stdout;
    assert_eq!(read, workspace.run(&["manifest"]).success().stdout);
    assert!(read.contains("\"second\""), "{read}");
    workspace.adapter("third").app("api", &["first", "third"]);
    workspace.run(&["manifest", "--no-compile", "--locked"]).ends(5).says(&["Cargo.lock"]);
}

#[test]
fn attributes_of_others_are_passed_over() {
    let workspace = Workspace::new("scan-others");
    workspace.package("crates/other", "[lib]\nproc-macro = true\n", "src/lib.rs",
        "use proc_macro::TokenStream;\n#[proc_macro_attribute]\npub fn service(_: TokenStream, item: TokenStream) -> TokenStream { item }\n\
        #[proc_macro_attribute]\npub fn test(_: TokenStream, item: TokenStream) -> TokenStream { item }\n\
        #[proc_macro_derive(Help, attributes(client, app))]\npub fn help(_: TokenStream) -> TokenStream { TokenStream::new() }\n");
    let text = source(
        "#[other::service] struct A;\nmod b { use other::service; #[service] struct B; }\n\
        mod c { use other::*; #[service(x = 1)] struct C; macro_rules! m { () => { #[other::service] struct M; } } }\n\
        #[derive(other::Help)] #[client(of = 1)] struct D { #[app] field: u8 }\n@mine struct Mine;\n\
        #[other::test] fn tested() {}\n#[rustfmt::skip] struct E;\n",
    );
    workspace.library("adapter", &on(&["other"]), &format!("#![allow(warnings)]\n{text}")).app("api", &["adapter"]);
    same(&workspace, &[], &["mine"]);
}

#[test]
fn what_only_the_compiler_knows_is_said() {
    let workspace = Workspace::new("scan-unknown");
    let text = source(
        "#![allow(warnings)]\nmacro_rules! declare { ($id:ident) => {\n@from-macro pub struct $id; } }\ndeclare!(A);\n\
        macro_rules! pass { ($($t:tt)*) => { $($t)* } }\npass! {\n@passed struct B;\n}\npass! { #[path = \"hidden_file.rs\"] pub mod hidden; }\n\
        include!(concat!(env!(\"OUT_DIR\"), \"/generated.rs\"));\n\
        #[cfg(from_build_script)]\n@by-build-script struct C;\n#[cfg(not(other_name))] struct D;\n\
        #[cfg_attr(from_build_script, orch::auth_provider(name = \"x\"))] struct E;\n\
        mod names { pass! { use orch::service as renamed; }\n#[renamed(kind = \"other\", image = \"x:1\", id = \"by-name\")] struct F; }\n\
        macro_rules! rename { () => { use orch::{service as quiet}; } }\n@plain struct G;\n",
    );
    let hidden = source("@hidden struct A;");
    workspace.package("crates/adapter", &depending(""), "src/lib.rs", &text);
    workspace.write("crates/adapter/src/hidden_file.rs", &hidden);
    workspace.write(
        "crates/adapter/build.rs",
        "fn main() { println!(\"cargo::rustc-cfg=from_build_script\");\n\
        println!(\"cargo::rustc-check-cfg=cfg(from_build_script, other_name)\");\n\
        let out = std::env::var(\"OUT_DIR\").unwrap();\n\
        std::fs::write(out + \"/generated.rs\", \"#[orch::service(kind = \\\"other\\\", image = \\\"x:1\\\", id = \\\"generated\\\")] struct Z;\").unwrap(); }\n",
    );
    workspace.app("api", &["adapter"]);
    let manifest = workspace.manifest(&[]);
    let ids = ["by-build-script", "by-name", "from-macro", "generated", "hidden", "passed", "plain"];
    assert_eq!(support::all_services(&manifest), ids);
    let reasons = [
        "adapter src/hidden_file.rs:1: `#[orch::service]`: it is among the tokens given to the macro `pass`",
        "adapter src/lib.rs:10: the path of this `include!` is only known to the compiler",
        "adapter src/lib.rs:12: `#[orch::service]`: its build script may set `cfg(from_build_script)`",
        "adapter src/lib.rs:14: `#[orch::auth_provider]`: its build script may set `cfg(from_build_script)`",
        "adapter src/lib.rs:15: `orch::service`: it is among the tokens given to the macro `pass`",
        "adapter src/lib.rs:17: `orch`: it is in the definition of the macro `rename`",
        "adapter src/lib.rs:3: `#[orch::service]`: it is in the definition of the macro `declare`",
        "adapter src/lib.rs:7: `#[orch::service]`: it is among the tokens given to the macro `pass`",
    ];
    incomplete(&workspace, &[], &reasons);
    let manifest = workspace.manifest(&["--no-compile", "--allow-incomplete"]);
    assert_eq!(support::all_services(&manifest), ["plain"]);
}

#[test]
fn macros_that_write_attributes_are_said() {
    let workspace = Workspace::new("scan-emitters");
    workspace.package(
        "crates/writer",
        "[lib]\nproc-macro = true\n",
        "src/lib.rs",
        "use proc_macro::TokenStream;\n#[proc_macro]\npub fn declare(_: TokenStream) -> TokenStream {\n\
        let _ = stringify!(#[::orch::service(kind = \"other\")] struct A;);\n\
        \"#[orch::service(kind = \\\"other\\\", image = \\\"x:1\\\", id = \\\"written\\\")] pub struct S;\".parse().unwrap() }\n",
    );
    workspace.package(
        "crates/rules",
        "",
        "src/lib.rs",
        "#[macro_export]\nmacro_rules! adapter { () => {\n\
        #[orch::service(kind = \"other\", image = \"x:1\", id = \"ruled\")] pub struct R; } }\n",
    );
    workspace.library("adapter", &on(&["writer", "rules"]), "writer::declare!();\nrules::adapter!();\n");
    workspace.app("api", &["adapter"]);
    assert_eq!(support::all_services(&workspace.manifest(&[])), ["ruled", "written"]);
    let reasons = [
        "rules src/lib.rs:3: `orch::service`: a macro of this package may write it",
        "writer src/lib.rs:4: `::orch::service`: a macro of this package may write it",
    ];
    incomplete(&workspace, &[], &reasons);
}

#[test]
fn what_a_procedural_macro_links_is_not_the_applications() {
    let workspace = Workspace::new("scan-host");
    let adapter = source("#[cfg(feature = \"tls\")] @tls struct A;\n#[cfg(not(feature = \"tls\"))] @plain struct B;\n");
    workspace.package("crates/adapter", &format!("[features]\ntls = []\n{}", depending("")), "src/lib.rs", &adapter);
    workspace.package("crates/shared", "[dependencies]\nadapter = { path = \"../adapter\" }\n", "src/lib.rs", "");
    workspace.package(
        "crates/derive",
        "[lib]\nproc-macro = true\n[dependencies]\nshared = { path = \"../shared\" }\nadapter = { path = \"../adapter\", features = [\"tls\"] }\n",
        "src/lib.rs",
        "",
    );
    workspace.app("api", &["derive", "shared"]);
    same(&workspace, &[], &["plain"]);
}

#[test]
fn mistakes_are_those_of_the_compiler() {
    let workspace = Workspace::new("scan-mistakes");
    workspace.library(
        "adapter",
        "",
        "#[orch::service(kind = \"databse\", prot = 1)]\npub struct A;\n\n#[orch::client]\npub struct B;\n",
    );
    workspace.library(
        "trait-method",
        "",
        "pub trait T {\n    #[orch::service(kind = \"other\", image = \"x:1\")]\n    fn f(&self);\n}\n",
    );
    workspace.app("api", &["adapter", "trait-method"]);
    let (compiled, read) = both(&workspace, &[]);
    let places = [
        "crates/adapter/src/lib.rs:1:24",
        "crates/adapter/src/lib.rs:1:35",
        "crates/adapter/src/lib.rs:4:1",
        "crates/trait-method/src/lib.rs",
    ];
    let words = ["databse", "prot", "`#[client]` does not say of which application", "an item with a body"];
    compiled.ends(5).says(&words[..3]).says(&places[..3]);
    read.ends(5).says(&words).says(&places);
}

#[test]
fn a_file_that_cannot_be_read_is_said() {
    let workspace = Workspace::new("scan-broken");
    workspace.library("adapter", "", &format!("mod gone;\nmod odd;\n{}", service("kept", "")));
    workspace.write("crates/adapter/src/odd.rs", "struct A { \"");
    workspace.app("api", &["adapter"]);
    workspace
        .run(&["manifest", "--no-compile"])
        .ends(1)
        .says(&["the file of the module `gone` is not there", "cannot be read as Rust"]);
}

//! What is found about a system: errors, warnings and notes, each with a stable code.

use std::fmt;

use orch_manifest::manifest::DeclaredBy;
use serde::Serialize;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Something a target does by nature and a person may not expect.
    Note,
    /// Something that is likely not meant; an error when asked to be strict.
    Warning,
    /// Something that cannot be carried out.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Its stable code.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// What was found, as a lower-case fragment without a full stop.
    pub message: String,
    /// What to write instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The places it comes from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<DeclaredBy>,
}

impl Finding {
    /// A finding with its code's own severity.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, severity: code.severity(), message: message.into(), help: None, places: Vec::new() }
    }

    /// The same finding with what to write instead.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same finding with one more place.
    pub fn at(mut self, place: &DeclaredBy) -> Self {
        self.places.push(place.clone());
        self
    }
}

/// Raises warnings to errors.
pub fn strict(findings: &mut [Finding]) {
    for finding in findings.iter_mut().filter(|finding| finding.severity == Severity::Warning) {
        finding.severity = Severity::Error;
    }
}

/// Whether an error is among the findings.
pub fn has_errors(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}

macro_rules! codes {
    ($( $variant:ident = $code:literal, $severity:ident, $meaning:literal, $cure:literal; )*) => {
        /// The stable code of a finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub enum Code {
            $(
                #[doc = $meaning]
                #[serde(rename = $code)]
                $variant,
            )*
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code as it is printed and asked for.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $code, )* }
            }

            /// How much a finding of this code matters unless it is raised.
            pub fn severity(self) -> Severity {
                match self { $( Self::$variant => Severity::$severity, )* }
            }

            /// What it means.
            pub fn meaning(self) -> &'static str {
                match self { $( Self::$variant => $meaning, )* }
            }

            /// What to do about it.
            pub fn cure(self) -> &'static str {
                match self { $( Self::$variant => $cure, )* }
            }
        }
    };
}

codes! {
    NothingDeclared = "nothing-declared", Error,
        "No crate of the chosen applications declares a service or an application.",
        "Depend on `orch-runtime` and write `#[orch::app]` on the `main` of a binary, and `#[orch::service(kind = \"…\", image = \"…\")]` on a type of the crate that talks to the service.";
    UndeclaredApp = "undeclared-app", Note,
        "A binary depends on crates that declare services, but says nothing about itself, so it is not part of the system.",
        "Write `#[orch::app]` on its `main`, if it is one of the system's applications.";
    DuplicateId = "duplicate-id", Error,
        "Two places declare something under the same id. Services and applications share one space, since both become host names.",
        "Give one of them an `id` of its own. One in a crate that cannot be edited is renamed, merged with another or disabled in `orch.toml`: `[packages.NAME.services.ID]` with `rename`, `same_as` or `disable`.";
    ConflictingDeclaration = "conflicting-declaration", Error,
        "The same attribute came out differently for two applications, because they use its crate with different features. Applications share a service of the same id, so it can only be one.",
        "Use the crate with the same features, or give the service another `id` under that feature.";
    TwoApps = "two-apps-in-one-binary", Error,
        "One binary has two `#[app]` attributes.",
        "Keep one; a package with several binaries has one attribute in each, or names the binary with `bin = \"…\"`.";
    UnknownBinary = "unknown-binary", Error,
        "An `#[app]` cannot be matched with one binary of its package.",
        "Write it on the binary's `main`, or name the binary with `bin = \"…\"`.";
    InvalidFile = "invalid-file", Error,
        "A file named by `file(…)` is missing, too large, not UTF-8, or outside its package.",
        "Name a UTF-8 file of at most 1 MiB inside the package that declares it.";
    UnresolvedToken = "unresolved-token", Error,
        "Somebody consumes a token that nobody in the system provides.",
        "Depend on a crate that provides it, correct the spelling, or write `wants` where it may be absent.";
    AmbiguousToken = "ambiguous-token", Error,
        "Somebody consumes a token that several provide.",
        "Consume the id of the one that is meant.";
    DisabledService = "disabled-service", Warning,
        "An application uses a service that `orch.toml` disables: it does not wait for it and is not given its variables. For telemetry, mail, proxies and others that nobody has to wait for, this is a note.",
        "Nothing has to be done where the application can do without it. Else take `disable` back in this profile, or say with `deployment = \"external\"` where there is another.";
    UnknownReference = "unknown-reference", Error,
        "An attribute names an application, a service or a port that the system does not have.",
        "Correct the name, or add what it names.";
    StartOrderCycle = "start-order-cycle", Error,
        "Each of some services or applications waits for the next to start, in a circle.",
        "Take one edge out: `wants` instead of `consumes`, or no `after`.";
    BindingConflict = "binding-conflict", Error,
        "Two services give an application the same variable with different values.",
        "Rename the variable in one `app_env`, or set it in the application's own `env`, which wins.";
    UnknownFact = "unknown-fact", Error,
        "A token asks for something that is not known about the service.",
        "Declare it: a port with a scheme, a `database`, a `user`.";
    FloatingImage = "floating-image", Warning,
        "An image has no tag, or the tag `latest`: what is pulled may differ from one day to the next.",
        "Write a version, or a digest.";
    DerivedId = "derived-id", Note,
        "A service with a persistent volume has the id that follows from its type's name: renaming the type would start with an empty volume.",
        "Write the `id`.";
    UnknownImage = "unknown-image", Warning,
        "The catalog does not know an image, and the service does not say what else it would: its port, where it keeps data, as whom it runs.",
        "Write what the message names, or `[catalog.\"IMAGE\"]` in `orch.toml` once for all services of the image.";
    SeparateReplicas = "separate-replicas", Error,
        "Several replicas are asked for of a service that keeps data and is not known to be one cluster: each would have data of its own, and an application would see another at every connection.",
        "Leave `replicas` or `scale` out. Where the service tells its replicas how to find each other, write `[catalog.\"IMAGE\"]` with `clusters = true` in `orch.toml`.";
    NoHealth = "no-health-check", Warning,
        "A container has no health check, so whoever depends on it starts before it can answer.",
        "Write `health(…)`, or `health(none)` where running is enough.";
    Unrepresentable = "not-in-target", Warning,
        "The target cannot express something that is declared.",
        "Leave it out for this target, or use another.";
    TargetNature = "nature-of-target", Note,
        "The target does something differently from the others.",
        "Nothing has to be done.";
    ImmutableChange = "immutable-change", Warning,
        "An object that was rendered before is rendered with something else that an engine does not change in place: a volume's size, a selector.",
        "Change it back, or do what the message says by hand before you apply it.";
    StartOrder = "start-order-not-kept", Note,
        "Some services or applications need others to have started, and the target starts everything at once.",
        "Let each wait for what it needs, as the runtime crate does in applications, or deploy with `cargo orch deploy`, which keeps the order.";
    SecretInUrl = "secret-must-be-url-safe", Note,
        "An engine puts a secret into a URL as it is, without percent-encoding.",
        "Use only letters, digits and `-._~` in this secret; generated ones are made that way.";
    SecretDefault = "secret-with-default", Error,
        "A variable of the deployer's environment is the one that a secret has, and it has a default, which would be in the artifacts for everybody to read.",
        "Write `secret(\"…\")` where the value is needed, and leave the default out.";
    ObjectName = "object-name", Error,
        "An object of a target would have a name that is too long there, or that another object of its kind has.",
        "Choose another id, or another namespace.";
    UnknownUser = "unknown-user", Warning,
        "It is not known as whom a container runs, or which group may write to its volumes. The restricted pod security standard demands a user that is not root, and a volume belongs to root unless a group is named.",
        "Write `user = \"uid:gid\"` and, for a volume, `fs_group`; or `restricted = false` where the image has to run as root.";
    NotRestricted = "not-restricted", Warning,
        "Something declared goes against the restricted pod security standard, which everything is held to unless it says otherwise.",
        "Take it out, or write `restricted = false`, the visible opt-out.";
    ReplicasAndPort = "replicas-and-published-port", Note,
        "Several replicas cannot publish the same port on one machine, so one is rendered.",
        "Publish no port, or use Swarm or Kubernetes.";
    UnknownProfile = "unknown-profile", Error,
        "A profile is named that does not exist.",
        "Use `local`, `ci`, `staging`, `prod`, or one of `orch.toml`.";
    Incomplete = "incomplete", Error,
        "The sources were read without compiling them, and something in them can only be known by compiling.",
        "Run without `--no-compile`, or pass `--allow-incomplete` to go on with what is known.";
}

impl Code {
    /// The code of this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

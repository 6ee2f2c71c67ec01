//! Values of every type of the model, with hostile text wherever text is allowed.

use std::collections::BTreeMap;
use std::fmt::Debug;

use orch_manifest::fragment::{Declaration, Fragment};
use orch_manifest::manifest::{
    AppEntry, AuthProviderEntry, ClientEntry, DeclaredBy, Manifest, SCHEMA_VERSION, ServiceEntry,
};
use orch_manifest::model::*;
use orch_manifest::name::{LabelKey, LinuxCapability, Scheme, UlimitName, VolumeName};
use orch_manifest::value::{SecretKey, SecretRef, TemplateValue, VarRef};
use orch_manifest::*;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::consistent;

/// Text that breaks what writes or reads it carelessly.
pub(crate) fn hostile() -> BoxedStrategy<String> {
    let nasty = select(vec![
        "",
        " ",
        "=",
        "a=b\nc=d",
        "\"\\/\u{8}\u{c}\n\r\t",
        "\u{0}\u{1}\u{1f}\u{7f}\u{80}\u{9f}",
        "\u{2028}\u{2029}\u{feff}",
        "{{ x }}{% y %}${Z}$(w)`v`",
        "no",
        "null",
        "1e3",
        "# comment",
        "- item: &anchor *alias !tag",
        "'\"'",
        "ORCH1_0_0_1__",
        "C:\\Users\\x",
        "💥e\u{301}\u{202e}",
    ]);
    prop_oneof![nasty.prop_map(str::to_owned), any::<String>(), "[ -~]{0,12}"].boxed()
}

/// Text of a type, from a pattern that describes it.
fn text<T: FromText + Debug + 'static>(pattern: &'static str) -> BoxedStrategy<T> {
    pattern.prop_filter_map("the pattern is wider than the type", |text| T::from_text(&text).ok()).boxed()
}

fn word<T: FromText + Debug + 'static>(words: &'static [&'static str]) -> BoxedStrategy<T> {
    select(words).prop_map(|word| T::from_text(word).unwrap()).boxed()
}

pub(crate) fn id() -> BoxedStrategy<Id> {
    text("[a-z][a-z0-9-]{0,38}[a-z0-9]")
}

pub(crate) fn port_name() -> BoxedStrategy<PortName> {
    text("[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,6})?")
}

pub(crate) fn secret_name() -> BoxedStrategy<SecretName> {
    text("[a-z0-9][a-z0-9-]{0,48}[a-z0-9]")
}

pub(crate) fn env_name() -> BoxedStrategy<EnvName> {
    text("[A-Za-z_.-][A-Za-z0-9_.-]{0,12}")
}

pub(crate) fn duration() -> BoxedStrategy<Duration> {
    let parts = (0..1000_u32, 0..100_u32, 0..100_u32, 0..2000_u32);
    parts.prop_map(|(h, m, s, ms)| Duration::parse(&format!("{h}h{m}m{s}s{ms}ms")).unwrap()).boxed()
}

pub(crate) fn quantity() -> BoxedStrategy<Quantity> {
    text("([0-9]{1,6}(\\.[0-9]{0,12})?|\\.[0-9]{1,3})([numkMGTP]|[KMGTP]i|[eE][+-]?[0-9])?")
}

pub(crate) fn image() -> BoxedStrategy<ImageRef> {
    text(
        "((ghcr\\.io|localhost|reg:5000|\\[::1\\]:80)/)?[a-z0-9]{1,8}([._]|__|-{1,3})[a-z0-9]{1,8}(/[a-z0-9]{1,4}){0,2}(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,20})?(@sha256:[0-9a-f]{64})?",
    )
}

pub(crate) fn cron() -> BoxedStrategy<CronSchedule> {
    let expression = text(
        "(\\*|[0-5]?[0-9])(/[1-9])? (\\*|1[0-9]-2[0-3]) (\\*|[1-9],1[0-9]) (\\*|jan-DEC|[1-9]) (\\*|[0-6]|mon-fri)",
    );
    let macros = word(&["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"]);
    prop_oneof![expression, macros].boxed()
}

pub(crate) fn url_path() -> BoxedStrategy<UrlPath> {
    text("/[A-Za-z0-9._~!$&'()*+,;=:@/%?-]{0,12}")
}

pub(crate) fn absolute_path() -> BoxedStrategy<AbsolutePath> {
    text("(/[A-Za-z0-9 _$'\"{}é=-]{1,6}(\\.d)?){1,3}")
}

pub(crate) fn source_path() -> BoxedStrategy<SourcePath> {
    text("[A-Za-z0-9 _$'\"{}é=-]{1,6}(/[a-z]{1,4}\\.conf){0,2}")
}

pub(crate) fn hostname() -> BoxedStrategy<Hostname> {
    text("[a-z0-9]{1,8}(-[a-z0-9]{1,4})?(\\.[a-z]{1,5}){0,3}")
}

pub(crate) fn ingress_host() -> BoxedStrategy<IngressHost> {
    text("(\\*\\.)?[a-z0-9]{1,8}(-[a-z0-9]{1,4})?(\\.[a-z]{1,5}){0,3}")
}

pub(crate) fn cidr() -> BoxedStrategy<Cidr> {
    text("(10\\.[1-9]\\.0\\.0/(0|[1-9]|[12][0-9]|3[0-2])|fd00::/(0|[1-9][0-9]|1[01][0-9]))")
}

pub(crate) fn capability() -> BoxedStrategy<Capability> {
    text("[a-z][a-z0-9_./:=-]{0,62}")
}

pub(crate) fn kind() -> BoxedStrategy<Kind> {
    prop_oneof![word(&Kind::WORDS), text("x-[a-z][a-z0-9-]{0,20}[a-z0-9]")].boxed()
}

pub(crate) fn user_ids() -> BoxedStrategy<UserIds> {
    (0..=2_147_483_647_u32, option::of(0..=2_147_483_647_u32)).prop_map(|(uid, gid)| UserIds { uid, gid }).boxed()
}

pub(crate) fn label_key() -> BoxedStrategy<LabelKey> {
    text("[!#%&(-<>-Z\\[\\]^-z|~]{1,20}")
}

pub(crate) fn volume_name() -> BoxedStrategy<VolumeName> {
    text("[a-z0-9][a-z0-9-]{0,18}[a-z0-9]")
}

pub(crate) fn scheme() -> BoxedStrategy<Scheme> {
    text("[a-z][a-z0-9+.-]{0,20}")
}

pub(crate) fn linux_capability() -> BoxedStrategy<LinuxCapability> {
    text("[A-Z]{2}_[A-Z_]{1,20}")
}

pub(crate) fn ulimit_name() -> BoxedStrategy<UlimitName> {
    word(&["as", "core", "memlock", "nofile", "nproc", "stack"])
}

pub(crate) fn secret_key() -> BoxedStrategy<SecretKey> {
    text("[A-Za-z0-9_-][A-Za-z0-9._-]{0,30}")
}

pub(crate) fn template() -> BoxedStrategy<Template> {
    let fact = "(id|host|port|port:[a-z]{1,9}|scheme|url|url:[a-z]{1,9}|user|database|host_port:[a-z]{1,9})";
    let token: &'static str = Box::leak(
        format!("\\{{([a-z][a-z0-9]{{0,5}}\\.)?{fact}\\}}|\\{{(app|system|profile|env:[A-Z.]{{1,5}}|secret:[a-z]{{1,9}})\\}}")
            .into_boxed_str(),
    );
    let literal = hostile().prop_map(|text| text.replace('{', "{{").replace('}', "}}"));
    vec(prop_oneof![token.prop_map(|text| text), literal], 0..4)
        .prop_map(|parts| Template::parse(&parts.concat()).unwrap())
        .boxed()
}

pub(crate) fn port() -> BoxedStrategy<Port> {
    (1..=65_535_u64).prop_map(|number| Port::new(number).unwrap()).boxed()
}

fn port_ref() -> BoxedStrategy<PortRef> {
    prop_oneof![port().prop_map(PortRef::Number), port_name().prop_map(PortRef::Name)].boxed()
}

fn protocol() -> BoxedStrategy<Protocol> {
    word(Protocol::WORDS)
}

pub(crate) fn value() -> BoxedStrategy<Value> {
    prop_oneof![
        hostile().prop_map(Value::Text),
        (secret_name(), option::of(secret_key())).prop_map(|(secret, key)| Value::Secret(SecretRef { secret, key })),
        (env_name(), option::of(hostile())).prop_map(|(var, default)| Value::Var(VarRef { var, default })),
        template().prop_map(|template| Value::Template(TemplateValue { template })),
    ]
    .boxed()
}

fn some<T: Debug + 'static>(item: BoxedStrategy<T>) -> BoxedStrategy<Vec<T>> {
    vec(item, 0..3).boxed()
}

fn map<K: Ord + Debug + 'static, V: Debug + 'static>(
    key: BoxedStrategy<K>,
    value: BoxedStrategy<V>,
) -> BoxedStrategy<BTreeMap<K, V>> {
    btree_map(key, value, 0..3).boxed()
}

prop_compose! {
    fn container_port()(
        number in port(), name in option::of(port_name()), protocol in option::of(protocol()),
        scheme in option::of(scheme()), host_port in option::of(port()), public in any::<bool>(),
    ) -> ContainerPort {
        ContainerPort { number, name, protocol, scheme, host_port, public }
    }
}

prop_compose! {
    fn ingress()(
        host in option::of(ingress_host()), path in option::of(url_path()), port in option::of(port_ref()),
        tls in option::of(secret_name()),
    ) -> Ingress {
        Ingress { host, path, port, tls }
    }
}

prop_compose! {
    fn volume()(
        path in absolute_path(), name in option::of(volume_name()), size in option::of(quantity()),
        storage_class in option::of(hostname()), ephemeral in any::<bool>(), read_only in any::<bool>(),
    ) -> Volume {
        Volume { path, name, size, storage_class, ephemeral, read_only }
    }
}

prop_compose! {
    fn file()(
        path in absolute_path(), source in source_path(), template in any::<bool>(),
        content in option::of(hostile()), sha256 in option::of("[0-9a-f]{64}"),
    ) -> File {
        File { path, source, template, content, sha256 }
    }
}

prop_compose! {
    fn health()(
        check in check(), live in option::of(url_path()), interval in option::of(duration()),
        timeout in option::of(duration()), retries in option::of(any::<u32>()), start_period in option::of(duration()),
    ) -> Health {
        Health { check, live, interval, timeout, retries, start_period }
    }
}

fn check() -> BoxedStrategy<Check> {
    prop_oneof![
        (url_path(), option::of(port_ref())).prop_map(|(path, port)| Check::Http(HttpCheck { path, port })),
        port_ref().prop_map(Check::Tcp),
        some(hostile()).prop_map(Check::Command),
        hostile().prop_map(Check::Shell),
        Just(Check::None),
    ]
    .boxed()
}

prop_compose! {
    fn resources()(
        cpu in option::of(quantity()), memory in option::of(quantity()), cpu_limit in option::of(quantity()),
        memory_limit in option::of(quantity()), gpu in option::of(any::<u32>()),
    ) -> Resources {
        Resources { cpu, memory, cpu_limit, memory_limit, gpu }
    }
}

prop_compose! {
    fn scale()(min in any::<u32>(), max in any::<u32>(), cpu in option::of(any::<u32>())) -> Scale {
        Scale { min, max, cpu }
    }
}

prop_compose! {
    fn egress()(
        port in port(), cidr in option::of(cidr()), protocol in option::of(protocol()),
    ) -> Egress {
        Egress { port, cidr, protocol }
    }
}

prop_compose! {
    fn ulimit()(soft in any::<u64>(), hard in any::<u64>()) -> Ulimit {
        Ulimit { soft, hard }
    }
}

prop_compose! {
    fn described()(
        name in option::of(hostile()), description in option::of(hostile()), image in option::of(image()),
        entrypoint in some(value()), command in some(value()), env in map(env_name(), value()),
        app_env in map(env_name(), template()), ports in some(container_port().boxed()),
        ingress in some(ingress().boxed()), provides in some(capability()),
    ) -> Workload {
        Workload {
            name, description, image, entrypoint, command, env, app_env, ports, ingress, provides,
            ..Workload::default()
        }
    }
}

prop_compose! {
    fn stored()(
        described in described(), consumes in some(capability()), wants in some(capability()),
        volumes in some(volume().boxed()), files in some(file().boxed()), health in option::of(health()),
        resources in option::of(resources()), replicas in option::of(any::<u32>()), scale in option::of(scale()),
        user in option::of(user_ids()), fs_group in option::of(any::<u32>()),
    ) -> Workload {
        Workload { consumes, wants, volumes, files, health, resources, replicas, scale, user, fs_group, ..described }
    }
}

prop_compose! {
    pub(crate) fn workload()(
        stored in stored(), (workdir, hostname, grace, restart, restricted) in (
            option::of(absolute_path()), option::of(hostname()), option::of(duration()),
            option::of(word(RestartPolicy::WORDS)), option::of(any::<bool>()),
        ),
        cap_add in some(linux_capability()), egress in some(egress().boxed()),
        placement in map(label_key(), hostile()), shm_size in option::of(quantity()),
        ulimits in map(ulimit_name(), ulimit().boxed()), labels in map(label_key(), hostile()),
        annotations in map(label_key(), hostile()),
    ) -> Workload {
        Workload {
            workdir, hostname, grace, restart, cap_add, restricted, egress, placement, shm_size, ulimits, labels,
            annotations, ..stored
        }
    }
}

prop_compose! {
    fn connection()(
        url in option::of(value()), host in option::of(value()), user in option::of(value()),
        database in option::of(value()), params in map(hostile(), value()),
    ) -> Connection {
        Connection { url, host, user, database, params }
    }
}

prop_compose! {
    pub(crate) fn service()(
        id in id(), kind in kind(), derived_id in any::<bool>(), code in option::of(hostile()),
        deployment in option::of(word(Deployment::WORDS)), connection in option::of(connection()),
        tenants in option::of(word(Tenancy::WORDS)), workload in workload(),
    ) -> Service {
        Service { id, kind, derived_id, code, deployment, connection, tenants, workload }
    }
}

prop_compose! {
    pub(crate) fn app()(
        id in option::of(id()), kind in option::of(word(AppKind::WORDS)), bin in option::of(hostile()),
        capabilities in some(capability()), uses in option::of(some(id())), after in some(id()),
        schedule in option::of(cron()), image_of in option::of(id()), workload in workload(),
    ) -> App {
        App { id, kind, bin, capabilities, uses, after, schedule, image_of, workload }
    }
}

prop_compose! {
    pub(crate) fn client()(of in id(), app_env in map(env_name(), template())) -> Client {
        Client { of, app_env }
    }
}

prop_compose! {
    pub(crate) fn auth_provider()(
        id in id(), name in option::of(hostile()), protocol in option::of(word(AuthProtocol::WORDS)),
        icon in option::of(hostile()),
    ) -> AuthProvider {
        AuthProvider { id, name, protocol, icon }
    }
}

fn declaration() -> BoxedStrategy<Declaration> {
    prop_oneof![
        service().prop_map(Declaration::Service),
        app().prop_map(Declaration::App),
        client().prop_map(Declaration::Client),
        auth_provider().prop_map(Declaration::AuthProvider),
    ]
    .boxed()
}

prop_compose! {
    /// A fragment as a macro makes it: its module is not known yet.
    pub(crate) fn fragment()(
        item in hostile(), file in hostile(), line in any::<u32>(), column in any::<u32>(),
        declaration in declaration(),
    ) -> Fragment {
        Fragment { item, file, line, column, declaration, module: None }
    }
}

prop_compose! {
    fn declared_by()(
        package in hostile(), version in option::of(hostile()), file in hostile(), item in hostile(),
        line in option::of(any::<u32>()),
    ) -> DeclaredBy {
        DeclaredBy { package, version, file, item, line }
    }
}

prop_compose! {
    fn app_entry()(
        version in hostile(), calls in some(id()), app in app(), declared_by in declared_by(),
    ) -> AppEntry {
        let id = Id::parse("x").unwrap();
        AppEntry { id, version, services: Vec::new(), calls, app: consistent::app(App { id: None, ..app }), declared_by }
    }
}

prop_compose! {
    /// A manifest whose parts fit together: every id once, every used service there, nothing that contradicts itself.
    pub(crate) fn manifest()(
        registry in option::of(hostile()), incomplete in some(hostile()), system in id(),
        apps in some(app_entry().boxed()),
        services in some((service(), declared_by()).boxed()),
        clients in some((client(), declared_by()).boxed()),
        providers in some((auth_provider(), declared_by()).boxed()),
    ) -> Manifest {
        let numbered = |prefix: &str, index: usize| Id::parse(&format!("{prefix}-{index}")).unwrap();
        let services: Vec<ServiceEntry> = services
            .into_iter()
            .enumerate()
            .map(|(index, (service, declared_by))| {
                let service = Service { id: numbered("service", index), ..service };
                ServiceEntry { service: consistent::service(service), declared_by }
            })
            .collect();
        let used: Vec<Id> = services.iter().map(|entry| entry.service.id.clone()).collect();
        let apps = apps.into_iter().enumerate();
        let apps = apps.map(|(index, app)| AppEntry { id: numbered("app", index), services: used.clone(), ..app });
        let mut manifest = Manifest {
            schema_version: SCHEMA_VERSION,
            system,
            registry,
            incomplete,
            apps: apps.collect(),
            services,
            clients: clients.into_iter().map(|(client, declared_by)| ClientEntry { client, declared_by }).collect(),
            auth_providers: providers
                .into_iter()
                .map(|(provider, declared_by)| AuthProviderEntry { provider, declared_by })
                .collect(),
        };
        manifest.sort();
        manifest
    }
}

use super::keys::CLIENT_KEYS;
use super::references::Owner;
use super::{Args, Reader};
use crate::Id;
use crate::model::{AuthProvider, Client, Workload};

/// Reads `#[client(…)]`.
pub fn client(args: &Args, reader: &mut Reader<'_>) -> Option<Client> {
    reader.no_positional(args, "`#[client]`");
    reader.duplicates(&args.entries, &[]);
    let (mut of, mut app_env) = (None, std::collections::BTreeMap::new());
    for entry in &args.entries {
        match entry.key.as_str() {
            "of" => of = Some(reader.parsed(entry)),
            "app_env" => app_env = reader.map(entry, Reader::template),
            _ => reader.unknown_key(entry, "client"),
        }
    }
    let problem = "`#[client]` does not say of which application";
    reader.require(args, "of", CLIENT_KEYS, problem, "write `of = \"…\"`");
    reader.template_references(args, &Workload::default(), Owner::Other);
    Some(Client { of: of??, app_env })
}

/// Reads `#[auth_provider(…)]` on an item of this name.
pub fn auth_provider(args: &Args, item: &str, reader: &mut Reader<'_>) -> Option<AuthProvider> {
    reader.no_positional(args, "`#[auth_provider]`");
    reader.duplicates(&args.entries, &[]);
    let (mut id, mut name, mut protocol, mut icon) = (None, None, None, None);
    for entry in &args.entries {
        match entry.key.as_str() {
            "id" => id = Some(reader.parsed(entry)),
            "name" => name = reader.string(entry),
            "protocol" => protocol = reader.parsed(entry),
            "icon" => icon = reader.string(entry),
            _ => reader.unknown_key(entry, "auth_provider"),
        }
    }
    let id = match id {
        Some(id) => id,
        None => reader.keep(args.span, Id::from_ident(item)),
    };
    Some(AuthProvider { id: id?, name, protocol, icon })
}

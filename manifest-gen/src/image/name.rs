//! Under which name an image is kept.

use orch_manifest::manifest::Manifest;
use orch_manifest::{ImageRef, Invalid};

use crate::target::Image;

/// What of an image's name is said when it is built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Naming {
    /// The registry and path, in the place of the system's.
    pub registry: Option<String>,
    /// The tag, in the place of the application's version.
    pub tag: Option<String>,
}

impl Naming {
    /// Says for a manifest where its images are.
    pub fn apply(&self, manifest: &mut Manifest) -> Result<(), Invalid> {
        if let Some(registry) = &self.registry {
            let registry = registry.trim_end_matches('/');
            ImageRef::parse(&format!("{registry}/x:1"))
                .map_err(|_| Invalid::new(format!("`{registry}` is not a registry")).help("as in `ghcr.io/acme`"))?;
            manifest.registry = Some(registry.to_owned());
        }
        Ok(())
    }

    /// The name of an image. One that is pinned to a digest is not ours to make.
    pub fn name(&self, image: &Image) -> Result<ImageRef, Invalid> {
        if image.name.digest().is_some() {
            let problem = format!(
                "`{}` of `{}` is pinned to a digest, which no image has before it is built",
                image.name, image.id
            );
            return Err(Invalid::new(problem).help("write `image` with a tag, or leave the application out"));
        }
        let Some(tag) = &self.tag else { return Ok(image.name.clone()) };
        let name = image.name.to_string();
        let end = image.name.tag().map_or(name.len(), |tag| name.len() - tag.len() - 1);
        ImageRef::parse(&format!("{}:{tag}", &name[..end]))
    }
}

#[cfg(test)]
mod tests {
    use orch_manifest::Id;

    use super::Naming;
    use crate::target::Image;

    fn named(name: &str, tag: Option<&str>) -> Result<String, String> {
        let image = Image { id: Id::parse("api").unwrap(), name: name.parse().unwrap(), programs: Vec::new() };
        let naming = Naming { registry: None, tag: tag.map(str::to_owned) };
        naming.name(&image).map(|name| name.to_string()).map_err(|invalid| invalid.problem)
    }

    #[test]
    fn a_tag_takes_the_place_of_the_version() {
        assert_eq!(named("localhost:5000/shop-api:0.1.0", None).unwrap(), "localhost:5000/shop-api:0.1.0");
        assert_eq!(named("localhost:5000/shop-api:0.1.0", Some("pr-7")).unwrap(), "localhost:5000/shop-api:pr-7");
        assert_eq!(named("localhost:5000/shop-api", Some("pr-7")).unwrap(), "localhost:5000/shop-api:pr-7");
        assert!(named("shop-api:1", Some("no tag")).unwrap_err().contains("the tag is malformed"));
    }

    #[test]
    fn a_digest_is_nothing_that_can_be_built() {
        let digest = format!("shop-api@sha256:{}", "0".repeat(64));
        assert!(named(&digest, None).unwrap_err().contains("digest"));
    }
}

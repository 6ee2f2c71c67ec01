use std::collections::BTreeSet;

use super::{Catalog, FILES, Page};

fn pages() -> Vec<(String, Page)> {
    let page = |file: &include_dir::File<'_>| {
        let name = file.path().display().to_string();
        let mut problems = Vec::new();
        let page = Page::built_in(&name, file.contents_utf8().unwrap(), &mut problems);
        assert!(problems.is_empty(), "{name}: {problems:?}");
        (name, page.unwrap())
    };
    FILES.files().map(page).collect()
}

#[test]
fn every_file_is_a_page_and_no_image_has_two() {
    let mut images = BTreeSet::new();
    for (name, page) in pages() {
        // They are known before the page is read.
        let text = FILES.get_file(&name).unwrap().contents_utf8().unwrap();
        let named: Vec<&str> = page.images().map(|(image, _)| image).collect();
        assert_eq!(super::images_of(text).collect::<Vec<_>>(), named, "{name}");
        for image in named {
            assert!(images.insert(image.to_owned()), "{image}");
            let mut problems = Vec::new();
            Catalog::built_in().resolve(&image.parse().unwrap(), None, &mut problems);
            assert!(problems.is_empty(), "{name}: {problems:?}");
        }
    }
}

#[test]
fn an_image_is_found_by_every_name_of_docker_hub() {
    let find = |image: &str| Catalog::built_in().find(&image.parse().unwrap(), None);
    for image in ["postgres:16", "library/postgres:16", "docker.io/library/postgres", "docker.io/postgres:16"] {
        assert!(find(image).is_some(), "{image}");
    }
    assert!(find("ghcr.io/acme/postgres:16").is_none());
}

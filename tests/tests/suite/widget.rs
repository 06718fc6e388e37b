//! The widget as it travels: small, and in one place for every page.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::Method;

use crate::harness::{Home, Service, announce, within};

/// What a page may load for a chat bubble, compressed.
const MOST_BYTES: usize = 16_000;

/// A module and all that it imports before it runs; what is only loaded once the panel opens is not among them.
fn collect_imports(folder: &Path, module: &str, found: &mut BTreeSet<String>) {
    if !found.insert(module.to_owned()) {
        return;
    }
    let source = std::fs::read_to_string(folder.join(module)).unwrap();
    for line in source.lines().filter(|line| line.starts_with("import ")) {
        let name = line.rsplit("\"./").next().unwrap().trim_end_matches("\";");
        collect_imports(folder, name, found);
    }
}

#[test]
fn the_widget_with_its_styles_is_under_16_kilobytes_compressed() {
    let home = Home::trained();
    let assets = concat!(env!("CARGO_MANIFEST_DIR"), "/../server/assets/widget");
    within(90, async {
        let service = Service::start(home.path());
        let mut modules = BTreeSet::new();
        collect_imports(Path::new(assets), "main.js", &mut modules);
        assert!(modules.len() > 5, "{modules:?}");
        let modules = modules.into_iter().map(|module| format!("/widget/{module}"));
        let mut total = 0;
        for path in std::iter::once("/widget.js".to_owned()).chain(modules) {
            let request = service.public.request(Method::GET, &path).header("accept-encoding", "gzip");
            let file = service.public.send(request).await;
            assert_eq!((file.status, file.header("content-encoding")), (200, Some("gzip")), "{path}");
            total += file.bytes.len();
        }
        announce(&format!("the widget is {total} bytes compressed"));
        assert!(total < MOST_BYTES, "the widget is {total} bytes compressed; at most {MOST_BYTES} are allowed");
    });
}

//! The widget as it travels: small, and in one place for every page.

use reqwest::Method;

use crate::harness::{Home, Service, announce, within};

/// What a page may load for a chat bubble, compressed.
const MOST_BYTES: usize = 20_000;

#[test]
fn the_widget_with_its_styles_is_under_20_kilobytes_compressed() {
    let home = Home::trained();
    let assets = concat!(env!("CARGO_MANIFEST_DIR"), "/../server/assets/widget");
    within(90, async {
        let service = Service::start(home.path());
        let modules = std::fs::read_dir(assets)
            .unwrap()
            .map(|file| format!("/widget/{}", file.unwrap().file_name().to_string_lossy()));
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

//! How the page looks: themes, widths, contrast, motion.

use serde_json::{Value, json};

use crate::chromium::Chromium;
use crate::page::{Page, demo, demo_with, until};

const THEMES: [&str; 2] = ["light", "dark"];
const CONTRAST: &str = include_str!("contrast.js");
/// The elements that reach beyond the window's right edge.
const BEYOND: &str = "return Array.from(document.querySelectorAll('body *'))
    .filter((element) => element.getBoundingClientRect().right > window.innerWidth + 0.5)
    .map((element) => element.tagName + '.' + element.className)";

pub async fn no_width_needs_horizontal_scrolling(chromium: &Chromium) {
    let word = "donaudampfschifffahrtsgesellschaft".repeat(10);
    let (_origin, freshen) = demo(&[&word, "short"]);
    let page = Page::open(chromium, &freshen).await;
    page.pressed("burst", "200 requests at once").await;
    fits_all_widths(&page).await;
    page.is_content().await;
}

/// Checks that nothing is wider than the window.
pub async fn fits_all_widths(page: &Page<'_>) {
    for width in [320, 390, 600, 768, 960, 1280, 1920] {
        page.emulate("light", width, "no-preference").await;
        let widths = "const all = document.scrollingElement; return [all.scrollWidth, all.clientWidth, innerWidth]";
        let widths = page.run(widths, vec![]).await;
        assert_eq!(widths[2], width, "the width is not emulated");
        assert!(widths[0].as_u64() <= widths[1].as_u64(), "{width}: {widths}");
        until(&format!("nothing is beyond {width}"), async || {
            (page.run(BEYOND, vec![]).await == json!([])).then_some(())
        })
        .await;
    }
}

/// Checks the contrast of all text, in both themes; the number of texts.
pub async fn contrast(page: &Page<'_>, when: &str) -> usize {
    let mut texts = 0;
    for theme in THEMES {
        page.emulate(theme, 1280, "reduce").await;
        let measured = page.run(CONTRAST, vec![]).await;
        let measured = measured.as_array().unwrap();
        let poor: Vec<&Value> =
            measured.iter().filter(|text| text[1].as_f64().is_none_or(|ratio| ratio < 4.5)).collect();
        assert!(poor.is_empty(), "{theme}, {when}: {poor:?}");
        texts += measured.len();
    }
    texts
}

pub async fn all_text_has_a_contrast_of_4_5_in_both_themes(chromium: &Chromium) {
    let (origin, freshen) = demo(&["kept"]);
    let page = Page::open(chromium, &freshen).await;
    page.run("document.querySelector('details').open = true", vec![]).await;
    page.pressed("burst", "200 requests at once").await;
    assert!(contrast(&page, "a hit").await > 100, "too few texts were found");
    origin.hold(true);
    page.press("invalidate-softly").await;
    page.says("status", "stale").await;
    contrast(&page, "stale").await;
    origin.hold(false);
    page.press("break").await;
    page.press("invalidate-softly").await;
    page.says("trouble", "The last load failed").await;
    contrast(&page, "with trouble").await;
    page.press("invalidate-hard").await;
    page.says("status", "nothing in hand").await;
    contrast(&page, "refused").await;
    page.run("for (const button of document.querySelectorAll('button')) button.focus()", vec![]).await;
    contrast(&page, "focused").await;
    let bodies = async |theme: &str| {
        page.emulate(theme, 1280, "reduce").await;
        page.run("return getComputedStyle(document.body).backgroundColor", vec![]).await
    };
    assert_ne!(bodies("light").await, bodies("dark").await);
    page.is_content().await;
}

pub async fn nothing_moves_where_reduced_motion_is_wanted(chromium: &Chromium) {
    let (_origin, freshen) = demo(&["one"]);
    let page = Page::open(chromium, &freshen).await;
    let moving = "return Array.from(document.querySelectorAll('*')).filter((element) => {
        const style = getComputedStyle(element);
        return style.transitionDuration.split(', ').some((span) => parseFloat(span) > 0) || style.animationName !== 'none';
    }).length";
    page.emulate("light", 1280, "no-preference").await;
    assert_eq!(page.run(moving, vec![]).await, json!(1), "the mark of the age, which is to be stopped below");
    page.emulate("light", 1280, "reduce").await;
    assert_eq!(page.run(moving, vec![]).await, json!(0));
    page.is_content().await;
}

pub async fn the_plot_and_the_age_follow_the_numbers(chromium: &Chromium) {
    let (_origin, freshen) = demo_with(&["one"], &["--ttl", "2s", "--stale", "1h"]);
    let page = Page::open(chromium, &freshen).await;
    page.press("slow").await;
    let tallest = "return ['waits', 'load_times'].map((name) => {
        const bars = Array.from(document.querySelectorAll('#plot .' + name), (bar) => Number(bar.getAttribute('height')));
        return bars.findLastIndex((height) => height > 0);
    })";
    // Four columns for each power of ten, from a microsecond: three seconds and more are in the 26th or behind it.
    until("a slow load is drawn far to the right of all waits", async || {
        let last = page.run(tallest, vec![]).await;
        (last[1].as_u64() >= Some(25) && last[0].as_u64() < last[1].as_u64()).then_some(())
    })
    .await;
    let place = "return parseFloat(document.querySelector('#age b').style.left)";
    until("the mark of the age is in the stale window", async || {
        let left = page.run(place, vec![]).await.as_f64()?;
        (left > 33.3 && left < 66.7).then_some(())
    })
    .await;
    page.says("times", "Half of the callers waited no longer than").await;
    page.is_content().await;
}

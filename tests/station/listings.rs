//! Finding a recording among many.

use crate::sound;
use crate::station::{Heard, Station, push};
use serde_json::json;

#[test]
fn recordings_are_found_by_title_class_and_age() {
    let station = Station::start(Heard::ByNobody, "");
    let titles = ["Tin thời tiết", "Đợt tuyên truyền PHÒNG CHÁY", "Thời sự buổi chiều"];
    for (number, title) in (1..).zip(titles) {
        let class = if number == 2 { "priority" } else { "normal" };
        push(&station.uploader(), &json!({ "title": title, "class": class }), &sound::tone(number, 0.5))
            .expect(201);
    }
    let found = |query: &str| {
        let page = station.auditor().get(&format!("/segments?{query}")).expect(200).json();
        let titles = page["items"].as_array().unwrap().iter();
        (titles.map(|it| it["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>(), page["next"].clone())
    };
    assert_eq!(found("q=dot%20tuyen").0, [titles[1]]);
    assert_eq!(found("q=TH%E1%BB%9CI&order=newest").0, [titles[2], titles[0]]);
    assert_eq!(found("class=priority").0, [titles[1]]);
    // page by page, also where a title is looked for
    let (first, next) = found("q=thoi&order=newest&limit=1");
    assert_eq!(first, [titles[2]]);
    let (second, end) = found(&format!("q=thoi&order=newest&limit=1&cursor={}", next.as_str().unwrap()));
    assert_eq!((second, end.is_null()), (vec![titles[0].to_owned()], true));
    for wrong in ["class=none", "order=sideways"] {
        station.auditor().get(&format!("/segments?{wrong}")).refuses(wrong, 400, "bad_parameter");
    }
    station.auditor().get("/airings?order=sideways").refuses("another order", 400, "bad_parameter");
}

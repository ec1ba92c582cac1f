//! What a refusal is called in Vietnamese where whoever refused said it in English alone.
//!
//! A sentence that ends with a colon goes on with the English one: what exactly is wrong stands only there.

use crate::error::{Error, ErrorKind};

/// The sentence for a commune officer; there is always one.
pub(super) fn vietnamese(error: &Error) -> String {
    if let Some(own) = &error.detail_vi {
        return own.clone();
    }
    let sentence = match error.kind {
        // what failed inside is the technician's affair, whatever it is called
        ErrorKind::Internal => of_kind(error.kind),
        _ => of_code(&error.code).unwrap_or_else(|| of_kind(error.kind)),
    };
    match sentence.strip_suffix(':') {
        Some(_) => format!("{sentence} {}", error.detail),
        None => sentence.to_owned(),
    }
}

const fn of_kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Malformed => "Đài không đọc được yêu cầu này. Chi tiết:",
        ErrorKind::Unacceptable => "Đài không nhận nội dung này. Chi tiết:",
        ErrorKind::Unauthenticated => "Bạn chưa đăng nhập, hoặc phiên đã hết hạn. Hãy đăng nhập lại.",
        ErrorKind::Forbidden => "Bạn không có quyền làm việc này; hãy liên hệ người quản trị.",
        ErrorKind::NotFound => "Không tìm thấy mục này trên đài; có thể nó đã bị xóa. Hãy tải lại trang.",
        ErrorKind::MethodNotAllowed => "Đài không làm được việc này ở địa chỉ đó.",
        ErrorKind::Conflict => "Chưa làm được vì tình trạng hiện tại không cho phép. Chi tiết:",
        ErrorKind::PreconditionFailed => {
            "Mục này vừa được người khác sửa. Hãy tải lại để xem bản mới, rồi sửa lại."
        }
        ErrorKind::PreconditionRequired => "Yêu cầu không nói rõ sửa bản nào. Hãy tải lại trang rồi thử lại.",
        ErrorKind::TooLarge => "Nội dung gửi lên quá lớn. Chi tiết:",
        ErrorKind::UnsupportedMediaType => "Đài không nhận loại dữ liệu này. Chi tiết:",
        ErrorKind::RangeNotSatisfiable => "Đoạn âm thanh được hỏi nằm ngoài bản ghi.",
        ErrorKind::TooManyRequests => "Thao tác quá nhanh. Hãy đợi một lát rồi thử lại.",
        ErrorKind::StorageFull => {
            "Bộ nhớ của đài đã đầy. Hãy gỡ bớt bản ghi cũ hoặc thêm dung lượng rồi thử lại."
        }
        ErrorKind::Unavailable => "Đài chưa làm được việc này lúc này. Hãy thử lại sau ít phút. Chi tiết:",
        ErrorKind::Internal => "Đài gặp lỗi bên trong. Hãy thử lại; nếu vẫn lỗi thì báo kỹ thuật viên.",
    }
}

fn of_code(code: &str) -> Option<&'static str> {
    Some(match code {
        // the schedule
        "bad_cron" => {
            "Đài không đọc được biểu thức giờ phát. Ví dụ đúng: “0 17 * * Mon-Fri” là 17:00 từ Thứ Hai đến Thứ Sáu."
        }
        "never_fires" => {
            "Theo biểu thức và thời gian áp dụng này, chương trình không phát ngày nào. Hãy sửa ngày, tháng hoặc năm."
        }
        "cron_and_at" => {
            "Hãy chọn một cách: lặp lại theo lịch, hoặc phát vào các giờ cụ thể; không chọn cả hai."
        }
        "no_recurrence" => "Chương trình chưa có giờ phát. Hãy chọn ngày giờ hoặc cách lặp lại.",
        "bad_time_of_day" => "Giờ không đúng. Hãy viết dạng 17:00, từ 00:00 đến 24:00.",
        "bad_bound" => "Ngày không đúng. Hãy chọn lại ngày bắt đầu và ngày kết thúc.",
        "bad_time" => "Ngày giờ không đúng. Hãy chọn lại.",
        "bad_window" => "Khung giờ này chưa hợp lệ. Chi tiết:",
        "bad_zone" => "Cụm loa này chưa hợp lệ. Chi tiết:",
        "bad_holiday" => "Ngày nghỉ, ngày lễ này chưa hợp lệ. Chi tiết:",
        "bad_unit" => "Đơn vị này chưa hợp lệ. Chi tiết:",
        "bad_campaign" => "Đợt tuyên truyền này chưa hợp lệ. Chi tiết:",
        "bad_programme" => "Chương trình này chưa hợp lệ. Chi tiết:",
        "quota_impossible" => "Các khung giờ không đủ chỗ cho số lượt phát đã yêu cầu. Chi tiết:",
        "outside_windows" => "Giờ này nằm ngoài mọi khung giờ được phát của các cụm loa đã chọn.",
        "bad_class" => "Loại bản tin không đúng: chỉ có thường, ưu tiên và khẩn cấp.",
        "unknown_segment" => "Bản ghi được chọn không còn trên đài. Hãy chọn bản ghi khác.",
        "unknown_zone" => "Cụm loa được chọn không còn trên đài. Hãy chọn lại cụm loa.",
        "name_taken" => "Tên này đã có. Hãy đặt tên khác.",
        "zone_in_use" => {
            "Chưa xóa được: cụm loa này đang được dùng. Hãy bỏ nó ở những nơi đang dùng trước. Chi tiết:"
        }
        "window_in_use" => "Chưa xóa được: khung giờ này đang được đợt tuyên truyền dùng. Chi tiết:",
        "holiday_in_use" => "Chưa xóa được: ngày nghỉ này đang được khung giờ dùng. Chi tiết:",
        "unit_in_use" => "Chưa xóa được: đơn vị này đang được dùng. Chi tiết:",
        // recordings and uploads
        "already_approved" => "Bạn đã duyệt bản ghi này rồi; cần thêm một người khác.",
        "own_approval" => "Một người không được duyệt hai lần cho cùng một bản tin.",
        "own_upload" => "Bạn không được tự duyệt bản ghi do mình gửi hoặc sửa. Hãy nhờ người khác.",
        "withdrawn" => "Bản ghi này đã bị gỡ.",
        "wrong_state" => "Bản ghi đang ở trạng thái không cho phép việc này. Hãy tải lại trang để xem.",
        "segment_changed" => "Bản ghi vừa được sửa. Hãy nghe lại bản mới rồi quyết định.",
        "seen_differs" => "Bản ghi đã khác lúc bạn xem. Hãy nghe lại bản mới rồi quyết định.",
        "nothing_to_change" => "Không có gì để sửa.",
        "not_prepared" => "Âm thanh của bản ghi chưa sẵn sàng để phát.",
        "preparing" => "Đài đang chuẩn bị âm thanh. Hãy thử lại sau vài giây.",
        "range_not_satisfiable" => "Đoạn âm thanh được hỏi nằm ngoài bản ghi.",
        "empty_file" => "Tệp trống. Hãy chọn tệp khác.",
        "no_file" => "Chưa có tệp nào. Hãy chọn tệp âm thanh.",
        "missing_part" => "Yêu cầu thiếu một phần. Chi tiết:",
        "bad_metadata" => "Thông tin của bản ghi không đúng. Chi tiết:",
        "bad_language" => "Mã ngôn ngữ không đúng. Hãy chọn ngôn ngữ trong danh sách.",
        "bad_expiry" => "Thời hạn đã qua. Hãy chọn một ngày trong tương lai, hoặc để trống.",
        "too_large" => "Tệp hoặc nội dung quá lớn. Chi tiết:",
        "too_much" => "Đang có quá nhiều dữ liệu gửi lên cùng lúc. Hãy đợi một lát rồi thử lại.",
        "too_many_uploads" => "Đang có quá nhiều tệp tải lên dở dang. Hãy tải xong hoặc bỏ bớt rồi thử lại.",
        "upload_cut" | "body_cut" => "Kết nối bị ngắt khi đang gửi; chưa có gì được lưu. Hãy gửi lại.",
        "upload_expired" => "Lần tải lên dở dang này đã quá hạn và bị bỏ. Hãy tải lại từ đầu.",
        "gave_way" => "Tệp này đang được gửi tiếp qua một kết nối khác; phần đã gửi vẫn được giữ.",
        "foreign_upload" => "Lần tải lên này là của người khác.",
        "wrong_offset" => "Tệp gửi tiếp không khớp với phần đã có trên đài. Hãy tải lại trang rồi gửi tiếp.",
        "length_missing" | "offset_missing" | "bad_header" | "not_a_piece" | "tus_version"
        | "not_supported" => {
            "Chương trình tải lên không nói đúng cách với đài. Hãy tải lại trang rồi thử lại. Chi tiết:"
        }
        // the log, its heads and reports
        "rows_removed" => "Phần nhật ký này đã được xóa theo quy định thời hạn lưu.",
        "head_differs" => "Phiếu xác nhận không khớp với nhật ký của đài. Hãy báo cấp trên và kỹ thuật viên.",
        "too_many_rows" => "Quá nhiều dòng cho một tệp. Hãy chọn khoảng thời gian ngắn hơn.",
        "bad_note" => "Phiếu gửi lên không đúng dạng. Chi tiết:",
        "another_log" => "Phiếu này là của đài khác.",
        "bad_countersignature" => "Chữ ký xác nhận trên phiếu không đúng.",
        "unknown_witness" => {
            "Không nhận ra nơi xác nhận phiếu này. Hãy nhờ kỹ thuật viên thêm khóa của nơi đó."
        }
        "another_station" => "Lệnh này dành cho đài khác.",
        // people, keys and tokens
        "unauthenticated" => "Bạn chưa đăng nhập, hoặc phiên đã hết hạn. Hãy đăng nhập lại.",
        "wrong_credentials" => "Tên hoặc mật khẩu không đúng.",
        "wrong_code" => "Mã xác thực không đúng, hoặc đã được dùng. Hãy đợi mã mới.",
        "second_factor_required" => "Hãy nhập mã xác thực của ứng dụng trên điện thoại.",
        "second_factor_exists" => "Xác thực hai bước đã được bật.",
        "no_second_factor" => "Chưa bật xác thực hai bước.",
        "one_time_password" => "Hãy đổi mật khẩu dùng một lần trước khi làm việc khác.",
        "weak_password" => "Mật khẩu quá yếu. Hãy đặt mật khẩu dài hơn, khó đoán hơn.",
        "too_many_attempts" => "Thử sai quá nhiều lần. Hãy đợi một lát rồi thử lại.",
        "too_many_requests" => "Thao tác quá nhanh. Hãy đợi một lát rồi thử lại.",
        "missing_scope" => "Bạn không có quyền làm việc này; hãy liên hệ người quản trị.",
        "foreign_origin" => "Trang này không được phép điều khiển đài. Hãy mở đúng địa chỉ của đài.",
        "not_a_person" => "Việc này chỉ dành cho người dùng, không dành cho mã truy cập.",
        "last_administrator" => "Không thể bỏ người quản trị cuối cùng của đài.",
        "revoked" => "Mã truy cập hoặc khóa này đã bị thu hồi.",
        "no_scope" => "Mã truy cập phải có ít nhất một quyền.",
        "bad_name" => "Tên không hợp lệ. Hãy đặt tên ngắn, không trống. Chi tiết:",
        "bad_id" => "Mã không đúng dạng. Chi tiết:",
        "bad_key" => "Khóa không đúng loại hoặc chưa đủ. Hãy sao chép lại khóa dùng để ký lệnh.",
        "own_key" => "Đây là khóa của chính đài. Nơi gửi lệnh phải có khóa khác.",
        "no_class" => "Hãy chọn khóa này được ra lệnh cho loại bản tin nào.",
        "bad_validity" => "Ngày hết hạn phải sau ngày bắt đầu.",
        "key_known" => "Khóa này đã có trên đài.",
        "too_many_keys" => "Đã có quá nhiều khóa. Hãy bỏ bớt khóa cũ.",
        "no_authorities" => "Máy này chưa có danh sách đơn vị cấp chứng thư. Hãy báo kỹ thuật viên.",
        "bad_order" => "Lệnh có chữ ký không đọc được. Chi tiết:",
        "order_expired" => "Lệnh có chữ ký đã hết hạn.",
        "order_known" | "order_replayed" | "stale_nonce" => {
            "Lệnh có chữ ký này đã được dùng hoặc đã cũ. Hãy ký lệnh mới."
        }
        "too_many_orders" => "Khóa này còn quá nhiều lệnh chưa hết hạn. Hãy đợi bớt rồi gửi lại.",
        // emergencies, the amplifier and the clock
        "own_emergency" => "Người ra lệnh khẩn cấp không được tự xác nhận; cần người thứ hai.",
        "expires_too_far" => "Thời hạn của lệnh khẩn cấp quá xa. Hãy chọn thời hạn ngắn hơn.",
        "no_amplifier" | "amplifier_unusable" => "Đài không điều khiển được bộ khuếch đại nào.",
        "clock_untrusted" => "Đồng hồ của đài chưa tin cậy được. Hãy xem lại giờ ở mục Đài.",
        "clock_differs" => {
            "Giờ của đài lệch hơn một phút so với giờ trên máy của bạn. Hãy chỉnh giờ đài rồi xác nhận lại."
        }
        // any request
        "changed_meanwhile" => "Mục này vừa được người khác sửa. Hãy tải lại để xem bản mới, rồi sửa lại.",
        "if_match_required" => "Yêu cầu không nói rõ sửa bản nào. Hãy tải lại trang rồi thử lại.",
        "idempotency_key_reused" | "bad_idempotency_key" => {
            "Yêu cầu này bị lặp với nội dung khác. Hãy tải lại trang rồi thử lại."
        }
        "not_found" => "Không tìm thấy mục này trên đài; có thể nó đã bị xóa. Hãy tải lại trang.",
        "no_such_path" => "Đài không có địa chỉ này. Có thể trang đã cũ: hãy tải lại trang.",
        "method_not_allowed" => "Đài không làm được việc này ở địa chỉ đó.",
        "bad_parameter" | "unknown_parameter" | "bad_query" | "no_path" => {
            "Điều kiện tìm không đúng. Hãy chọn lại, ví dụ khoảng thời gian ngắn hơn. Chi tiết:"
        }
        "bad_field" | "unknown_field" => "Có mục điền chưa đúng. Chi tiết:",
        "bad_json" | "bad_request" | "not_multipart" | "unreadable" => {
            "Đài không đọc được nội dung gửi lên. Hãy tải lại trang rồi thử lại. Chi tiết:"
        }
        "database_busy" => "Đài đang bận ghi dữ liệu. Hãy thử lại sau vài giây.",
        "storage_full" => "Bộ nhớ của đài đã đầy. Hãy gỡ bớt bản ghi cũ hoặc thêm dung lượng rồi thử lại.",
        "storage_failing" => "Bộ nhớ của đài không ghi được. Hãy báo kỹ thuật viên.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;

    /// What no request meets: the command line, and what stops the daemon before it listens.
    const ELSEWHERE: [&str; 12] = [
        "src/commands",
        "src/cli",
        "src/main",
        "src/config",
        "src/backup",
        "src/tls",
        "src/daemon",
        "src/demo",
        "src/secrets",
        "src/store/upgrade",
        "src/store/copy",
        "src/airing_log/key",
    ];
    /// How codes are written down: an error's second argument, or the first of what makes errors of one kind.
    const MAKERS: [&str; 4] = ["unacceptable(", "unused(", "malformed(", "refuse("];

    fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
            }
        }
    }

    /// The word that a literal in front of `text` is, where it is one.
    fn word(text: &str) -> Option<&str> {
        let (word, _) = text.trim_start().strip_prefix('"')?.split_once('"')?;
        let lower = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        (!word.is_empty() && word.chars().all(lower)).then_some(word)
    }

    fn codes(source: &str) -> BTreeSet<String> {
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        let mut found = BTreeSet::new();
        for rest in source.split("Error::new(").skip(1) {
            found.extend(rest.split_once(',').and_then(|(_, rest)| word(rest)).map(str::to_owned));
        }
        for maker in MAKERS {
            found.extend(source.split(maker).skip(1).filter_map(word).map(str::to_owned));
        }
        found
    }

    #[test]
    fn every_code_that_a_request_meets_has_its_sentence() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = Vec::new();
        sources(&root.join("src"), &mut files);
        let mut wanted: BTreeMap<String, String> = BTreeMap::new();
        for (name, source) in &files {
            let name = name.strip_prefix(&format!("{}/", root.display())).unwrap();
            if ELSEWHERE.iter().any(|place| name.starts_with(place)) || name.contains("test") {
                continue;
            }
            wanted.extend(codes(source).into_iter().map(|code| (code, name.to_owned())));
        }
        // of these the schedule itself has the words
        let schedule = fs::read_to_string(root.join("schedules/src/error.rs")).unwrap();
        let own = schedule.split("fn code(").nth(1).unwrap().split("fn ").next().unwrap();
        let own: Vec<String> = own.split("=> ").skip(1).filter_map(word).map(str::to_owned).collect();
        assert!(own.len() > 9, "{own:?}");
        wanted.extend(own.into_iter().map(|code| (code, "schedules/src/error.rs".to_owned())));
        assert!(wanted.len() > 80, "only {} codes were found: {wanted:?}", wanted.len());
        // said in both languages wherever it is made, or a defect
        let said = [
            "internal",
            "refused",
            "no_voice",
            "speech_unavailable",
            "speech_unusable",
            "text_empty",
            "text_too_long",
            "text_unreadable",
            "trim_outside",
            "trim_too_short",
        ];
        let silent: Vec<_> = wanted
            .iter()
            .filter(|(code, _)| !said.contains(&code.as_str()) && of_code(code).is_none())
            .collect();
        assert!(silent.is_empty(), "without a Vietnamese sentence: {silent:?}");
    }

    #[test]
    fn what_nobody_foresaw_is_said_in_vietnamese_too_with_its_detail() {
        let error = Error::unacceptable("never_heard_of", "the moon is not a zone");
        assert_eq!(vietnamese(&error), "Đài không nhận nội dung này. Chi tiết: the moon is not a zone");
        assert_eq!(vietnamese(&error.vi("Mặt trăng")), "Mặt trăng");
        let inside = Error::internal("the password is hunter2");
        assert!(!vietnamese(&inside).contains("hunter2"));
    }
}

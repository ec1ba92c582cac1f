import type { Catalogue } from "./index.svelte";

/** The frame around every page: clock, line, STOP, emergencies. */
export const shell = {
  connected: ["Trực tiếp", "Live"],
  connecting: ["Đang kết nối…", "Connecting…"],
  not_connected: ["Mất kết nối", "Not connected"],
  lost: [
    "Mất kết nối với đài. Những gì hiển thị là của lúc {time} và có thể đã khác. Đang tự kết nối lại.",
    "The station cannot be reached. What you see is from {time} and may have changed. Reconnecting by itself.",
  ],
  lost_at_once: ["Mất kết nối với đài. Đang tự kết nối lại.", "The station cannot be reached. Reconnecting by itself."],
  clock_good: ["đồng hồ tin cậy", "clock trusted"],
  clock_bad: ["đồng hồ chưa tin cậy", "clock not trusted"],
  page_broken: [
    "Không tải được trang này. Hãy kiểm tra mạng rồi thử lại.",
    "This page could not be loaded. Check the network, then try again.",
  ],
  page_unknown: ["Không có trang này.", "There is no such page."],

  halted: [
    "ĐÀI ĐANG DỪNG (do {name}). Không phát gì cho đến khi có người cho phát lại.",
    "THE STATION IS STOPPED (by {name}). Nothing airs until somebody releases it.",
  ],
  stop: ["DỪNG PHÁT", "STOP"],
  stop_ask: ["Dừng phát ngay?", "Stop at once?"],
  stop_text: [
    "Loa im lặng ngay lập tức và giữ im lặng cho đến khi có người cho phát lại. Chương trình bị ngắt sẽ không phát lại từ đầu.",
    "The loudspeakers fall silent now and stay silent until somebody releases the station. What is cut does not start over.",
  ],
  stop_yes: ["Dừng ngay", "Stop now"],
  stopped: ["Đài đã dừng.", "The station is stopped."],
  release: ["Cho phát lại", "Release"],
  release_ask: ["Cho phát lại?", "Release the station?"],
  release_text: [
    "Từ bây giờ đài phát theo lịch. Những lượt đã lỡ không được phát bù.",
    "From now on the station airs by its plan. What was missed stays missed.",
  ],
  released: ["Đài phát lại theo lịch.", "The station airs by its plan again."],
  stop_failed: [
    "LỆNH DỪNG CHƯA ĐƯỢC XÁC NHẬN: {why} Nếu loa vẫn kêu, hãy tắt bộ khuếch đại bằng tay.",
    "THE STOP IS NOT CONFIRMED: {why} If the loudspeakers still sound, switch the amplifier off by hand.",
  ],

  emergency: ["Khẩn cấp", "Emergency"],
  emergency_title: ["Phát khẩn cấp", "Air an emergency"],
  emergency_what: ["Ngắt mọi chương trình và phát ngay trên loa.", "Cuts every programme and sounds at once."],
  emergency_recording: ["Bản ghi khẩn cấp", "Emergency recording"],
  emergency_ready: ["đã được hai người duyệt: phát được ngay", "approved by two: sounds at once"],
  emergency_second: [
    "chưa được hai người duyệt: cần thêm một người xác nhận mới phát",
    "not approved by two: sounds once a second person confirms it",
  ],
  emergency_none: [
    "Chưa có bản ghi khẩn cấp nào. Hãy tải lên một bản ghi loại “Khẩn cấp” và nhờ hai người duyệt trước, để khi cần một người phát được ngay.",
    "There is no emergency recording. Upload one of the class “Emergency” and have two people approve it now, so that one can air it when it matters.",
  ],
  emergency_zones: ["Phát ở đâu", "Where"],
  emergency_repeat: ["Số lần phát", "How often"],
  emergency_until: ["Không bắt đầu sau", "Not begun after"],
  emergency_minutes: ["{count} phút nữa", { one: "in {count} minute", other: "in {count} minutes" }],
  emergency_test: ["Diễn tập: nhật ký ghi rõ là diễn tập", "An exercise: the log says so"],
  emergency_go: ["PHÁT KHẨN CẤP NGAY", "AIR THE EMERGENCY NOW"],
  emergency_go_test: ["PHÁT DIỄN TẬP NGAY", "AIR THE EXERCISE NOW"],
  emergency_sent: ["Đã gửi lệnh khẩn cấp “{title}”.", "The emergency “{title}” was sent."],
  emergency_waits: [
    "“{title}” chờ người thứ hai xác nhận mới phát.",
    "“{title}” sounds once a second person confirms it.",
  ],
  emergency_on_air: ["KHẨN CẤP ĐANG PHÁT: {title}", "EMERGENCY ON AIR: {title}"],
  emergency_pending: ["KHẨN CẤP CHỜ PHÁT: {title}", "EMERGENCY WAITING FOR THE AIR: {title}"],
  emergency_confirm_wanted: [
    "{name} xin phát khẩn cấp “{title}”. Cần người thứ hai xác nhận trước {time}.",
    "{name} asks for the emergency “{title}”. A second person must confirm it before {time}.",
  ],
  emergency_confirm: ["Nghe và xác nhận", "Listen and confirm"],
  emergency_confirm_ask: ["Phát khẩn cấp “{title}”?", "Air the emergency “{title}”?"],
  emergency_confirm_text: [
    "Bạn là người thứ hai. Loa phát ngay khi bạn xác nhận.",
    "You are the second person. It sounds as soon as you confirm.",
  ],
  emergency_confirm_yes: ["Xác nhận, phát ngay", "Confirm: air now"],
  emergency_confirmed: ["Đã xác nhận “{title}”.", "“{title}” is confirmed."],
  emergency_own: ["Bạn đã gửi lệnh này: người khác phải xác nhận.", "You sent this: somebody else must confirm it."],
  emergency_cancel: ["Hủy lệnh khẩn cấp", "Take it back"],
  emergency_cancel_ask: ["Hủy phát khẩn cấp?", "Take the emergency back?"],
  emergency_cancel_text: [
    "“{title}” ngừng ngay và không phát nữa.",
    "“{title}” falls silent at once and is not heard again.",
  ],
  emergency_cancelled: ["Đã hủy “{title}”.", "“{title}” was taken back."],
  emergency_correct: ["Phát bản đính chính", "Air a correction"],
} as const satisfies Catalogue;

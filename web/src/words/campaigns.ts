import type { Catalogue } from "./index.svelte";

/** Campaigns: what is owed, and what was heard of it. */
export const campaigns = {
  all: ["Mọi đợt tuyên truyền", "All campaigns"],
  new: ["Đợt tuyên truyền mới", "New campaign"],
  change: ["Sửa đợt tuyên truyền", "Change the campaign"],
  empty: [
    "Chưa có đợt tuyên truyền nào. Khi cần phát một nội dung đủ số lần trong một thời gian, hãy tạo một đợt: đài tự xếp các lượt phát vào khung giờ và theo dõi còn thiếu bao nhiêu.",
    "There is no campaign yet. When something must be heard a number of times, make one: the station places the airings into its windows and keeps account of what is owed.",
  ],
  running: ["Đang chạy", "Running"],
  planned: ["Sắp tới", "To come"],
  over: ["Đã kết thúc", "Over"],
  dates: ["{from} – {to}", "{from} – {to}"],
  progress: ["Đã phát {aired} / {owed} lượt", "{aired} of {owed} aired"],
  progress_short: ["còn thiếu {count} lượt", { one: "{count} short", other: "{count} short" }],
  find: ["Tìm đợt tuyên truyền", "Find a campaign"],
  none_found: ["Không có đợt nào có tên như vậy.", "No campaign has such a name."],
  gone: ["Đợt tuyên truyền này không còn nữa.", "This campaign is gone."],

  step: ["Bước {number} / 3: {name}", "Step {number} of 3: {name}"],
  what: ["Phát gì", "What"],
  when: ["Khi nào, bao nhiêu lần", "When and how often"],
  where: ["Ở đâu và xem trước", "Where, and the preview"],
  name: ["Tên đợt tuyên truyền", "Name of the campaign"],
  name_hint: ["Ví dụ: Tuyên truyền an toàn giao thông quý I", "For example: Road safety, first quarter"],
  segments: ["Các bản ghi", "Recordings"],
  segments_none: ["Chưa chọn bản ghi nào.", "No recording is chosen yet."],
  weight: ["Tỉ lệ của “{title}”", "Share of “{title}”"],
  weight_word: ["tỉ lệ", "share"],
  rotation: ["Cách luân phiên", "How they take turns"],
  in_order: ["Lần lượt theo thứ tự", "One after the other, as listed"],
  fair_share: ["Bản nào phát ít nhất thì phát trước", "Whichever has aired least"],
  weighted: ["Theo tỉ lệ đã cho", "By their shares"],
  class_help: [
    "Ưu tiên được xếp trước các nội dung thông thường trong buổi phát.",
    "Priority goes before normal items of a session.",
  ],

  phases: ["Các giai đoạn", "Phases"],
  phase: ["Giai đoạn {number}", "Phase {number}"],
  phase_name: ["Tên giai đoạn", "Name of the phase"],
  phase_first: ["Cao điểm", "Peak"],
  phase_next: ["Duy trì", "Maintenance"],
  phase_add: ["Thêm giai đoạn", "Add a phase"],
  phase_drop: ["Bỏ giai đoạn “{name}”", "Take the phase “{name}” out"],
  from: ["Từ ngày", "From"],
  to: ["Đến hết ngày", "To the end of"],
  count: ["Số lượt phát", "Airings"],
  per: ["Tính cho", "Counted"],
  per_day: ["mỗi ngày có phát", "each day that is open"],
  per_week: ["mỗi tuần", "each week"],
  per_phase: ["cả giai đoạn", "in the whole phase"],
  windows: ["Trong những khung giờ", "In these windows"],
  windows_any: ["Khung giờ nào cũng được", "Any window"],
  windows_none: [
    "Đài chưa có khung giờ phát: đợt này sẽ không phát được gì. Khung giờ được đặt trong Thiết lập.",
    "The station has no window: nothing of this can air. Windows are made in the settings.",
  ],
  spacing: ["Cách nhau ít nhất (phút)", "At least so many minutes apart"],
  spacing_help: [
    "Từ lúc hết một lượt đến lúc bắt đầu lượt kế tiếp của đợt này.",
    "From the end of one airing of this campaign to the start of the next.",
  ],
  phase_said: [
    "{name}: {count} lượt {per}, từ {from} đến {to}.",
    { one: "{name}: {count} airing {per}, {from} to {to}.", other: "{name}: {count} airings {per}, {from} to {to}." },
  ],

  no_name: ["Hãy đặt tên cho đợt tuyên truyền.", "Give the campaign a name."],
  no_segments: ["Hãy chọn ít nhất một bản ghi.", "Choose at least one recording."],
  no_phase: ["Cần ít nhất một giai đoạn.", "There must be a phase."],
  no_phase_name: ["Mỗi giai đoạn cần có tên.", "Every phase needs a name."],
  no_dates: ["Mỗi giai đoạn cần ngày đầu và ngày cuối.", "Every phase needs its first and its last day."],
  wrong_dates: [
    "Ngày cuối của giai đoạn phải bằng hoặc sau ngày đầu.",
    "A phase ends on or after the day on which it begins.",
  ],
  no_count: ["Số lượt phát phải từ 1 trở lên.", "There must be at least one airing."],

  calendar: ["Lịch mà đợt này tạo ra", "The calendar that it makes"],
  calendar_day: ["{day}: {count} lượt phát", { one: "{day}: {count} airing", other: "{day}: {count} airings" }],
  calendar_refused: ["{count} không có chỗ", { one: "{count} without room", other: "{count} without room" }],
  calendar_total: [
    "{count} lượt trong khoảng này",
    { one: "{count} airing in this time", other: "{count} airings in this time" },
  ],
  save: ["Lưu đợt tuyên truyền", "Save the campaign"],
  saved: ["Đã lưu “{name}”.", "“{name}” is saved."],
  delete_ask: ["Xóa “{name}”?", "Delete “{name}”?"],
  delete_text: [
    "Các lượt phát sắp tới của đợt này sẽ mất khỏi lịch, và không còn theo dõi số lượt còn thiếu. Nhật ký những gì đã phát vẫn còn nguyên.",
    "What it would air is gone from the plan, and nobody counts what it owes. The log of what it aired stays.",
  ],
  deleted: ["Đã xóa “{name}”.", "“{name}” is deleted."],

  account: ["Đã phát và còn phải phát", "Aired and owed"],
  account_as_of: ["Tính đến {time}", "As of {time}"],
  owed: ["Phải phát", "Owed"],
  owed_so_far: ["Đến hết hôm qua", "Of that by yesterday"],
  aired: ["Đã phát", "Aired"],
  made_good: ["trong đó phát bù", "of which make-goods"],
  lost: ["Lượt không trọn", "Attempts lost"],
  to_come: ["Đã có trong lịch", "Planned"],
  short: ["Còn thiếu", "Short"],
  still_possible: ["Nhiều nhất có thể đạt", "Still possible at most"],
  good: ["Đủ: mọi lượt phải phát đều đã phát hoặc đã có trong lịch.", "Good: what is owed has aired or is planned."],
  done: [
    "Hoàn thành: đã phát đủ {count} lượt.",
    { one: "Done: {count} has aired.", other: "Done: all {count} have aired." },
  ],
  behind: [
    "Chậm {count} lượt so với hôm qua; lịch đã xếp phát bù.",
    {
      one: "{count} behind by yesterday; it is planned again.",
      other: "{count} behind by yesterday; they are planned again.",
    },
  ],
  short_possible: [
    "Thiếu {count} lượt chưa có chỗ trong lịch. Khung giờ vẫn còn đủ chỗ nếu bớt nội dung khác: xem các lượt “không phát được” trong Lịch.",
    {
      one: "{count} has no place in the plan. The windows could hold it if less else aired: see what “will not air” in the schedule.",
      other:
        "{count} have no place in the plan. The windows could hold them if less else aired: see what “will not air” in the schedule.",
    },
  ],
  short_impossible: [
    "Thiếu {count} lượt, và khung giờ còn lại chỉ đủ để đạt {possible} lượt. Hãy thêm khung giờ, kéo dài giai đoạn hoặc giảm số lượt.",
    {
      one: "{count} short, and the windows that are left allow {possible} in all. Add a window, make the phase longer, or lower its number.",
      other:
        "{count} short, and the windows that are left allow {possible} in all. Add a window, make the phase longer, or lower its number.",
    },
  ],
  over_short: [
    "Giai đoạn đã hết và còn thiếu {count} lượt.",
    { one: "The phase is over, {count} short.", other: "The phase is over, {count} short." },
  ],
  chart: [
    "{name}: đã phát {aired}, trong lịch {planned}, thiếu {short}, phải phát {owed}",
    "{name}: {aired} aired, {planned} planned, {short} short, {owed} owed",
  ],
  contents: ["Nội dung", "What airs"],
  airings: ["Những lần phát gần đây", "Last airings"],
  airings_none: ["Chưa có lần phát nào.", "Nothing has aired yet."],
  report: ["Báo cáo thời lượng", "Airtime report"],
  see_log: ["Xem nhật ký", "See the log"],
} as const satisfies Catalogue;

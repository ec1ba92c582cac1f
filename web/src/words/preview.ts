import type { Catalogue } from "./index.svelte";

/** What a draft would change in the plan. */
export const preview = {
  title: ["Nếu lưu, lịch phát sẽ thay đổi thế nào", "What saving would change"],
  waiting: [
    "Điền xong phần trên thì thấy lịch phát đổi thế nào.",
    "Fill the form in, and what would change shows here.",
  ],
  asking: ["Đang tính thử lịch phát…", "Trying it on the plan…"],
  span: ["Xét từ {from} đến hết {to}.", "Looked at from {from} to the end of {to}."],
  nothing: ["Lịch phát trong khoảng này không thay đổi.", "Nothing in the plan changes in this time."],
  problem: ["Chưa lưu được: {why}", "This cannot be saved: {why}"],
  failed: ["Không tính thử được: {why}", "It could not be tried: {why}"],
  appears: ["Sẽ phát thêm {count} lượt", { one: "{count} slot will be added", other: "{count} slots will be added" }],
  disappears: ["Sẽ không còn {count} lượt", { one: "{count} slot will go", other: "{count} slots will go" }],
  moves: [
    "{count} lượt đổi giờ hoặc đổi độ dài",
    { one: "{count} slot moves or changes its length", other: "{count} slots move or change their length" },
  ],
  displaced: [
    "{count} lượt sẽ KHÔNG phát được",
    { one: "{count} slot will NOT air", other: "{count} slots will NOT air" },
  ],
  from_to: ["từ {from} đến {to}", "from {from} to {to}"],
  one_time: ["lúc {time}", "at {time}"],
  gone: ["“{title}” ({name}) không còn phát.", "“{title}” ({name}) airs no more."],
  moved: ["“{title}” ({name}) chuyển sang {time}.", "“{title}” ({name}) moves to {time}."],
  shorter: [
    "“{title}” ({name}) phát {length} thay vì {before}.",
    "“{title}” ({name}) sounds for {length} instead of {before}.",
  ],
  other_recording: ["Thay bằng “{title}” ({name}).", "“{title}” ({name}) takes its place."],
  was_planned: ["Hiện đang có trong lịch.", "It is in the plan now."],
  more: ["và {count} lượt nữa", { one: "and {count} more", other: "and {count} more" }],
} as const satisfies Catalogue;

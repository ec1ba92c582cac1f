import type { Catalogue } from "./index.svelte";

/** Approving: one recording at a time, for a leader's one minute. */
export const approvals = {
  place: ["Bản ghi {at}/{count}", "Recording {at} of {count}"],
  none: ["Không có bản ghi nào chờ bạn duyệt.", "No recording waits for your decision."],
  none_more: ["Đã duyệt hết. Cảm ơn bạn!", "All decided. Thank you!"],
  not_yours: [
    "Trang này dành cho người duyệt. Bạn không có quyền duyệt bản ghi.",
    "This page is for approvers. You may not approve recordings.",
  ],
  earlier: ["Bản trước", "Before"],
  later: ["Bản sau", "Next"],

  emergency: [
    "Bản ghi khẩn cấp cần hai người duyệt. Đã có {given}/{needed}: {names}.",
    "An emergency recording takes two people. {given} of {needed} approved it: {names}.",
  ],
  emergency_nobody: [
    "Bản ghi khẩn cấp cần {needed} người duyệt. Chưa ai duyệt.",
    "An emergency recording takes {needed} people. Nobody approved it yet.",
  ],
  altered: ["Bản ghi bị thay đổi sau khi duyệt.", "It was changed after it was approved."],
  changed: [
    "Bản ghi này vừa được sửa. Hãy nghe và xem lại trước khi duyệt.",
    "This recording has just been changed. Listen and look again before you decide.",
  ],
  gone: [
    "“{title}” vừa được người khác quyết định hoặc thu hồi.",
    "“{title}” was just decided or withdrawn by somebody else.",
  ],
  first: ["Phát lần đầu", "First airing"],
  first_at: ["{time} {day}, trong “{name}”", "{time} {day}, in “{name}”"],
  first_today: ["hôm nay", "today"],
  first_tomorrow: ["ngày mai", "tomorrow"],
  first_none: ["Chưa có trong lịch đến ngày {day}", "Not planned until {day}"],
  first_soon: ["Còn {time} nữa đến giờ phát", "Airs in {time}"],
  uploader: ["Người tải lên", "Uploaded by"],
  source: ["Nguồn", "Source"],
  validity: ["Thời hạn", "May air"],
  more: ["Mọi chi tiết", "All details"],

  approve: ["Duyệt", "Approve"],
  approve_label: ["Duyệt cho phát “{title}”", "Approve “{title}” for the air"],
  return: ["Trả lại", "Return"],
  return_label: ["Trả lại “{title}” kèm lý do", "Return “{title}” with a reason"],
  return_ask: ["Trả lại bản ghi?", "Return the recording?"],
  return_text: [
    "“{title}” sẽ không được phát. Viết lý do để người tải lên biết phải sửa gì.",
    "“{title}” will not air. Write the reason, so that its uploader knows what to change.",
  ],
  unheard_ask: ["Bạn chưa nghe bản ghi", "You have not listened to it"],
  unheard_text: [
    "“{title}” sẽ được phát trên loa công cộng. Vẫn duyệt mà không nghe?",
    "“{title}” will be played over the public loudspeakers. Approve it without listening?",
  ],
  unheard_yes: ["Vẫn duyệt", "Approve anyway"],
  emergency_ask: ["Duyệt bản ghi khẩn cấp?", "Approve the emergency recording?"],
  emergency_text: [
    "Khi đủ hai người duyệt, người trực có thể phát “{title}” ngay lập tức, ngắt mọi chương trình.",
    "Once two people approved “{title}”, whoever is on duty can air it at once and cut everything else.",
  ],
  approved: ["Đã duyệt “{title}”.", "Approved “{title}”."],
  approved_partly: [
    "Bạn đã duyệt “{title}”; còn cần {count} người nữa.",
    {
      one: "You approved “{title}”; {count} more person must.",
      other: "You approved “{title}”; {count} more people must.",
    },
  ],
  returned: ["Đã trả lại “{title}”.", "Returned “{title}”."],

  others: ["Chờ người khác duyệt", "Waits for somebody else"],
  others_own: [
    "Bạn tải lên hoặc đã sửa, nên người khác phải duyệt.",
    "You uploaded or changed it, so somebody else must approve it.",
  ],
  others_given: [
    "Bạn đã duyệt; còn cần {count} người nữa.",
    { one: "You approved it; {count} more person must.", other: "You approved it; {count} more people must." },
  ],
} as const satisfies Catalogue;

import type { Catalogue } from "./index.svelte";

/** "Kiểm tra": the chain of the airing log, verified in the browser. */
export const verify = {
  title: ["Kiểm tra nhật ký", "Verify the log"],
  what: [
    "Máy của bạn tự đọc toàn bộ nhật ký và tính lại từng dòng. Mỗi dòng gắn với dòng trước bằng mã băm; đài ký vào dòng cuối. Sửa, xóa hay chèn một dòng là lộ ngay.",
    "Your own device reads the whole log and works out every row anew. Each row is tied to the one before by a hash, and the station signs the last. A row that was changed, removed or inserted shows.",
  ],
  go: ["Bắt đầu kiểm tra", "Verify now"],
  go_again: ["Kiểm tra lại", "Verify again"],
  of_station: ["Nhật ký của đài", "The station's log"],
  of_file: ["Một tệp nhật ký", "A file of a log"],
  source: ["Kiểm tra gì", "What to verify"],
  choose_file: ["Chọn tệp nhật ký (.ndjson)", "Choose a log file (.ndjson)"],
  file_help: ["Tệp do lệnh loaxa log export ghi ra.", "The file that loaxa log export writes."],
  not_offered: [
    "Đài này chưa cho đọc chuỗi nhật ký qua mạng. Nhờ kỹ thuật viên chạy lệnh loaxa log export trên máy của đài, rồi chọn tệp đó ở đây.",
    "This station does not hand out the chain over the network yet. Have the technician run loaxa log export on the board, then choose that file here.",
  ],

  key: ["Khóa của đài", "The station's key"],
  key_none: [
    "Đài đang không ký nhật ký: {why}. Vẫn kiểm tra được chuỗi, nhưng ai có tệp cũng có thể viết lại toàn bộ.",
    "The station signs nothing now: {why}. The chain can be checked all the same, but whoever has the file could have written all of it anew.",
  ],
  key_new: [
    "Khóa này do chính đài đưa ra, nên chưa chứng minh được gì về người giữ máy của đài. Hãy so với khóa ghi trên giấy lúc lắp đặt.",
    "The station itself says that this is its key: that proves nothing about who holds the board. Compare it with the key on paper from the day of installation.",
  ],
  key_remember: [
    "Đã so, đúng: ghi nhớ khóa này trên máy của tôi",
    "I compared it, it is right: remember it on this device",
  ],
  key_known: ["Trùng với khóa bạn đã ghi nhớ trên máy này.", "It is the one that you remembered on this device."],
  key_changed: [
    "KHÁC với khóa bạn đã ghi nhớ trên máy này. Kiểm tra dùng khóa đã ghi nhớ: nếu đài đổi khóa đúng cách, nhật ký có ghi và kết quả vẫn là nguyên vẹn.",
    "It is NOT the one that you remembered on this device. The remembered one is used: where the station changed its key properly, the log says so and the verdict is intact all the same.",
  ],
  key_forget: ["Quên khóa đã ghi nhớ", "Forget the remembered key"],

  evidence: ["Bằng chứng của riêng bạn", "Evidence of your own"],
  evidence_why: [
    "Phiếu chữ ký hoặc tệp nhật ký bạn đã giữ từ trước, khóa của bên thu thập. Càng giữ từ lâu càng có giá trị: đài không sửa được thứ nằm ở chỗ bạn.",
    "A signed head or a log file that you kept from before, the key of a collector. The older, the better: the station cannot change what lies with you.",
  ],
  evidence_add: ["Thêm tệp", "Add files"],
  evidence_drop: ["hoặc thả tệp vào đây", "or drop files here"],
  evidence_remove: ["Bỏ {name}", "Remove {name}"],
  is_notes: ["{count} phiếu chữ ký", { one: "{count} signed head", other: "{count} signed heads" }],
  is_keys: ["{count} khóa", { one: "{count} key", other: "{count} keys" }],
  is_export: ["tệp nhật ký trước đây", "an older log file"],
  is_unknown: [
    "không đọc được: không phải phiếu, khóa hay tệp nhật ký",
    "cannot be read: no head, no key, no log file",
  ],

  running: ["Đang kiểm tra…", "Verifying…"],
  progress: ["{count} dòng · {size} MB", { one: "{count} row · {size} MB", other: "{count} rows · {size} MB" }],
  failed: ["Không đọc được nhật ký: {why}", "The log could not be read: {why}"],
  line_broke: ["mất kết nối giữa chừng", "the line broke on the way"],
  status_is: ["đài trả lời mã {status}", "the station answered with status {status}"],
  older_bad: [
    "Tệp nhật ký trước đây “{name}” không nguyên vẹn nên không dùng để so sánh được.",
    "The older log file “{name}” is not intact itself, and cannot be compared with.",
  ],

  intact: ["NGUYÊN VẸN", "INTACT"],
  altered: ["ĐÃ BỊ SỬA", "ALTERED"],
  truncated: ["BỊ THIẾU DÒNG", "ROWS ARE MISSING"],
  forked: ["HAI PHIÊN BẢN", "TWO HISTORIES"],
  resealed: ["VIẾT LẠI RỒI KÝ LẠI", "WRITTEN ANEW"],
  cannot_tell: ["CHƯA KẾT LUẬN ĐƯỢC", "CANNOT TELL"],
  intact_says: [
    "Các dòng {first} đến {last} nối tiếp nhau đúng từng dòng, và khớp với mọi bằng chứng đã đưa vào.",
    "Rows {first} to {last} follow each other without a flaw, and agree with all the evidence that was given.",
  ],
  altered_says: ["Dòng đầu tiên không đúng: dòng {row}.", "The first row that does not hold: row {row}."],
  truncated_says: ["Thiếu từ dòng {row}.", "Missing from row {row} on."],
  forked_says: [
    "Khóa của đài đã ký hai nhật ký khác nhau; khác từ khoảng dòng {since} đến {row}.",
    "The station's key signed two different logs; they part between rows {since} and {row}.",
  ],
  resealed_says: [
    "Chuỗi liền mạch nhưng không phải chuỗi đã được ký; khác từ khoảng dòng {since} đến {row}.",
    "The chain holds but is not the one that was signed; it differs from somewhere between rows {since} and {row}.",
  ],
  cannot_tell_says: ["Những gì đưa vào không đủ để kết luận.", "What was given does not allow a verdict."],
  vouched: ["Ai chứng thực", "Who vouches"],
  signed_by_station: ["Đài ký đến dòng {row}.", "The station signed up to row {row}."],
  seen_by: ["{name} đã xác nhận đến dòng {row}, ngày {date}.", "{name} countersigned up to row {row}, on {date}."],
  removed_by_rule: [
    "Các dòng 1 đến {last} đã được xóa theo quy định thời hạn lưu ({days} ngày).",
    "Rows 1 to {last} were removed by the rule of retention ({days} days).",
  ],
  last_row_at: ["Dòng cuối ghi lúc {time}.", "The last row is of {time}."],
  keep_head: ["Lưu phiếu chữ ký này", "Keep this signed head"],
  keep_head_why: [
    "Giữ phiếu này ở chỗ của bạn. Lần sau thả vào đây: nếu ai viết lại những dòng đến dòng {row}, sẽ lộ ngay.",
    "Keep it with you. Drop it in here next time: whoever rewrites anything up to row {row} is found out.",
  ],
  not_provable: ["Điều chưa chứng minh được", "What this does not prove"],

  why_no_row: ["Dòng không phải là dòng nhật ký.", "It is not a row of a log."],
  why_written_otherwise: ["Dòng không được viết đúng cách đài viết.", "It is not written as a station writes it."],
  why_content: ["Nội dung không khớp với mã băm của chính nó.", "Its content does not match its own hash."],
  why_first_names_before: ["Dòng đầu lại trỏ về một dòng trước nó.", "The first row names a row before it."],
  why_out_of_order: [
    "Thiếu dòng, thừa dòng hoặc đảo dòng ở trước dòng này.",
    "Rows before it are missing, doubled or swapped.",
  ],
  why_not_continued: ["Dòng không nối tiếp dòng trước.", "It does not continue the row before."],
  why_too_long: ["Dòng dài hơn mọi dòng nhật ký có thể có.", "It is longer than any row."],
  why_boundary_lies: [
    "Phần ghi về các dòng đã xóa không do khóa của đài ký.",
    "What it says of removed rows is not signed by the station's key.",
  ],
  why_two_histories: [
    "Khóa của đài đã ký nhật ký này và một nhật ký khác.",
    "The station's key signed this log and another one.",
  ],
  why_other_hash: [
    "Dòng {number} đã được ký hoặc xác nhận với mã băm khác.",
    "Row {number} was signed or countersigned with another hash.",
  ],
  why_empty_with_heads: [
    "Tệp rỗng, trong khi đã có phiếu ký cho các dòng của nó.",
    "The file is empty, and heads of it were signed.",
  ],
  why_empty: ["Tệp không có dòng nào.", "The file holds no row."],
  why_one_line_cut: ["Tệp bị cắt ngay trong dòng đầu.", "The file ends inside its first line."],
  why_several_logs: ["Các phiếu là của nhiều nhật ký khác nhau.", "The notes are of several logs."],
  why_other_log: ["Đây là nhật ký của đài khác.", "This is another station's log."],
  why_other_key: ["Một khóa khác ký dưới tên của đài.", "Another key signs under the station's name."],
  why_two_hashes: [
    "Khóa của đài đã ký hai mã băm cho dòng {number}.",
    "The station's key signed two hashes of row {number}.",
  ],
  why_begins_later: [
    "Nhật ký bắt đầu từ dòng {number}, thiếu phần đầu.",
    "The log begins with row {number}: its beginning is missing.",
  ],
  why_cut_off: ["Tệp bị cắt giữa một dòng.", "The file ends inside a line."],
  why_head_beyond: ["Đã có phiếu ký đến dòng {number}.", "A head of row {number} was given."],
  why_damaged_note: [
    "Một phiếu bị hỏng hoặc chữ ký trên phiếu là giả.",
    "A note is damaged, or a signature on it is forged.",
  ],
  why_removal_unknown: [
    "Cần khóa của đài mới biết đài có xóa các dòng đầu theo quy định hay không.",
    "Only the station's key shows that the station itself removed the first rows.",
  ],
  why_removal_unsigned: [
    "Việc xóa các dòng đầu không do khóa đã đưa vào ký.",
    "The key that was given did not sign the removal of the first rows.",
  ],
  why_removal_untold: [
    "Không có dòng nào trong nhật ký nói về việc xóa các dòng đầu.",
    "No row of the log tells of the removal of the first rows.",
  ],

  doubt_removed: [
    "Các dòng đã xóa theo quy định thì không xem lại được nữa, trừ khi bạn còn tệp cũ.",
    "What was removed by the rule cannot be looked at any more, unless you have an older file.",
  ],
  doubt_starts_later: [
    "Các dòng trước dòng {first} không có trong tệp nên chưa được kiểm tra.",
    "The rows before row {first} are not in the file and were not checked.",
  ],
  doubt_no_head: [
    "Không có phiếu nào được ký cho các dòng này: ai có tệp cũng có thể đã viết lại toàn bộ.",
    "No signed head was given: whoever had the file could have written all of it anew.",
  ],
  doubt_after_last_head: [
    "Các dòng sau dòng {signed} chưa được ký: có thể đã bị viết lại.",
    "The rows after row {signed} were not signed: they could have been written anew.",
  ],
  doubt_nothing_after: [
    "Không ai biết sau dòng {last} còn dòng nào nữa không.",
    "Nobody can say that no rows followed row {last}.",
  ],
  doubt_no_witness: [
    "Ngoài đài, chưa có bên thứ ba xác nhận: người giữ máy của đài giữ cả khóa, có thể đã viết lại rồi ký lại. Hãy giữ phiếu này, hoặc nhờ huyện/tỉnh xác nhận.",
    "Nobody but the station signed: who holds the board holds its key, and could have written and signed all of it anew. Keep this head, or have a collector countersign.",
  ],
  doubt_after_last_witness: [
    "Sau dòng {seen} chưa có bên thứ ba xác nhận: người giữ khóa của đài có thể đã viết lại phần đó.",
    "Nobody countersigned after row {seen}: whoever holds the station's key could have written that part anew.",
  ],
  doubt_heads_before: [
    "Một số phiếu thuộc phần trước tệp này nên không đối chiếu được.",
    "Some heads lie before this file and were not compared.",
  ],
  doubt_unknown_signers: [
    "Có phiếu không do khóa nào đã biết ký, nên không được tính.",
    "Some notes are signed by no known key, and count for nothing.",
  ],
  doubt_rest_unknown: [
    "Không nói được gì về những dòng sau chỗ sai đầu tiên.",
    "Nothing can be said about what follows the first flaw.",
  ],
  always: [
    "Việc kiểm tra cho biết nhật ký không bị sửa sau khi ghi; nó không chứng minh rằng máy đã ghi đủ mọi việc hay đồng hồ của máy chạy đúng.",
    "This shows that the log was not changed after it was written; it does not show that the board wrote down everything, or that its clock was right.",
  ],
} as const satisfies Catalogue;

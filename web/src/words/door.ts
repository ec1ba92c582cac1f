import type { Catalogue } from "./index.svelte";

/** Logging in. */
export const door = {
  log_in: ["Đăng nhập", "Log in"],
  log_in_help: [
    "Chưa có tài khoản? Người quản trị đài tạo cho bạn.",
    "No account yet? The station's administrator makes one for you.",
  ],
  log_out: ["Đăng xuất", "Log out"],
  signed_in: ["Bạn đang là {name}", "Logged in as {name}"],
  name: ["Tên", "Name"],
  password: ["Mật khẩu", "Password"],
  show_password: ["Hiện mật khẩu", "Show the password"],
  code: ["Mã xác thực (6 chữ số)", "Code of your authenticator (6 digits)"],
  wrong_login: ["Tên hoặc mật khẩu không đúng.", "The name or the password is not right."],
  session_over: ["Phiên làm việc đã hết. Hãy đăng nhập lại.", "Your session is over. Please log in again."],
  logged_out: ["Đã đăng xuất.", "You are logged out."],
  choose_password: ["Đặt mật khẩu của bạn", "Choose your own password"],
  choose_password_why: [
    "Mật khẩu vừa dùng chỉ có giá trị một lần. Hãy đặt mật khẩu riêng để tiếp tục.",
    "The password that you used works only once. Choose your own to go on.",
  ],
  old_password: ["Mật khẩu được cấp", "Password that you were given"],
  new_password: ["Mật khẩu mới", "New password"],
  new_password_help: [
    "Ít nhất 15 ký tự. Một câu dễ nhớ của riêng bạn là tốt nhất.",
    "At least 15 characters. A sentence that only you would say is good.",
  ],
  new_password_again: ["Nhập lại mật khẩu mới", "New password again"],
  save_password: ["Lưu mật khẩu", "Save password"],
  too_short: ["Mật khẩu mới cần ít nhất 15 ký tự.", "The new password needs at least 15 characters."],
  not_the_same: ["Hai lần nhập mật khẩu mới không giống nhau.", "The two new passwords are not the same."],
  wrong_old: ["Mật khẩu được cấp không đúng.", "The password that you were given is not right."],
  password_saved: ["Đã lưu mật khẩu. Hãy đăng nhập bằng mật khẩu mới.", "Saved. Now log in with your new password."],
} as const satisfies Catalogue;

#include "tools/clarionctl/ask.h"

#include <termios.h>
#include <unistd.h>

#include <iostream>

namespace clarion::ctl {

namespace {

/// A terminal that does not show what is typed, for a while.
class NoEcho {
public:
    NoEcho() {
        ::tcgetattr(STDIN_FILENO, &before_);
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
    }
    ~NoEcho() { ::tcsetattr(STDIN_FILENO, TCSANOW, &before_); }
    NoEcho(const NoEcho&) = delete;
    NoEcho& operator=(const NoEcho&) = delete;

private:
    termios before_{};
};

std::string ask_unseen(std::string_view prompt) {
    std::cerr << prompt << std::flush;
    std::string line = read_line();
    std::cerr << '\n';
    return line;
}

}  // namespace

bool at_terminal() { return ::isatty(STDIN_FILENO) == 1; }

std::string read_line() {
    std::string line;
    std::getline(std::cin, line);
    return line;
}

Result<std::string> ask_for_password() {
    if (!at_terminal()) return read_line();
    const NoEcho no_echo;
    std::string password = ask_unseen("Password: ");
    if (ask_unseen("The same again: ") != password)
        return fail("usage", "the two passwords differ; nothing was done");
    return password;
}

bool confirm(std::string_view question) {
    if (!at_terminal()) return true;
    std::cerr << question << " [y/N] " << std::flush;
    const std::string answer = read_line();
    return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace clarion::ctl

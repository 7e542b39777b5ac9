// What people write, by each profile of domain/base/precis.hpp.
#include "domain/base/plain_text.hpp"
#include "domain/base/precis.hpp"
#include "domain/base/unicode.hpp"
#include "domain/users/identity.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace keyledger::fuzz {
namespace {

void check_kept(const std::string& kept) {
    promise(is_plain_text(kept), "what is kept is plain");
    promise(as_plain_text(kept) == kept, "what is plain stays as it is");
    const auto points = unicode::decode(kept);
    promise(points && unicode::encode(*points) == kept, "code points are the text");
    for (const char32_t point : *points) {
        const auto kind = unicode::kind_of(point);
        const bool shown = kind != unicode::Kind::kControl && kind != unicode::Kind::kLineBreak &&
                           kind != unicode::Kind::kUnassigned && kind != unicode::Kind::kPrivate;
        promise(shown, "what is kept is shown");
        promise(point != 0x200B && point != 0x200E && point != 0x200F && point != 0x061C &&
                    (point < 0x202A || point > 0x202E) && (point < 0x2066 || point > 0x2069),
                "nothing hides or reorders");
    }
}

}  // namespace

void text(std::string_view input) {
    const auto name = nickname(input);
    if (name) {
        check_kept(*name);
        promise(!name->empty() && name->front() != ' ' && name->back() != ' ', "a name has no blanks around it");
        promise(name->find("  ") == name->npos, "nor two within it");
        promise(*nickname(*name) == *name, "a name is kept once");
        promise(nickname_key(*name).has_value(), "a name has a key");
    }
    if (const auto user = username(input)) {
        check_kept(*user);
        promise(user->find(' ') == user->npos && user->find('@') == user->npos, "a user name is one word");
        promise(*username(*user) == *user, "a user name is kept once");
        const auto key = username_key(input);
        promise(key && *key == *username_key(*user), "a user name has the key of its form");
        promise(*username_key(*key) == *key, "a key is the key of itself");
    }
    if (const auto email = parse_email(input)) {
        promise(*nickname(email->text) == email->text, "an address is plain");
        promise(parse_email(email->text)->text == email->text, "an address is trimmed once");
    }
    if (const auto password = opaque_string(Secret(input))) {
        check_kept(std::string(password->reveal()));
        const auto again = opaque_string(*password);
        promise(again && equal(*again, *password), "a password has one form");
        promise(free_text(input).value() == password->reveal(), "free text is as a password");
    }
    const std::string shown = as_plain_text(input);
    promise(is_plain_text(shown) && as_plain_text(shown) == shown, "what is made plain is plain");
}

}  // namespace keyledger::fuzz

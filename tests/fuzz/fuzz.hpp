#pragma once
// The fuzzers' bodies. Each feeds a parser what somebody made up and checks, beside what ASan and UBSan see,
// what the parser promises of everything that it lets through. libFuzzer calls them by entry.cpp
// (scripts/fuzz), the ordinary tests with the committed corpus by corpus_test.cpp.
#include <stdexcept>
#include <string_view>

namespace keyledger::fuzz {

// All throw BrokenPromise; libFuzzer keeps the input that did it.
void head(std::string_view input);           // a request's start line and fields, and its chunks
void fields(std::string_view input);         // header fields that have a grammar, one a line
void target(std::string_view input);         // targets, parameters, hosts
void json(std::string_view input);           // a body, up to what a command takes
void form(std::string_view input);           // "Authorization" in the first line, a form in the others
void token(std::string_view input);          // access tokens; or header in the first line, claims in the others
void sealed(std::string_view input);         // refresh tokens and cursors
void export_line(std::string_view input);    // a line of an exported log, or its manifest
void note(std::string_view input);           // tree heads and the keys that open them
void text(std::string_view input);           // names, user names, passwords, addresses, reasons
void mail(std::string_view input);           // name, address, subject, text of a mail; a server's replies; a template
void imported_hash(std::string_view input);  // a password hash that another service made
void import_line(std::string_view input);    // a line of an import of users
void webauthn(std::string_view input);       // what authenticators and browsers write of passkeys

inline constexpr std::size_t kMaxInputBytes = 4096;  // scripts/fuzz makes none that is longer

struct BrokenPromise : std::logic_error {
    using std::logic_error::logic_error;
};

inline void promise(bool kept, const char* what) {
    if (!kept) throw BrokenPromise(what);
}

}  // namespace keyledger::fuzz

#pragma once
// What became of a mail that was to be sent. Values; any thread.
#include <string>
#include <utility>

namespace keyledger::mail {

struct Delivery {
    enum class Outcome {
        kSent,     // the server has taken it over
        kAgain,    // not now: try later, with the same id
        kRefused,  // never: as it is, no server will take it
    };
    Outcome outcome = Outcome::kAgain;
    // Why it was not sent; empty if it was. Of few words, or of digits: `smtp-550-5.1.1`, `connection`, `timeout`
    // (docs/mail.md lists them). Never a server's words, for these repeat addresses.
    std::string code;

    static Delivery sent() { return {Outcome::kSent, {}}; }
    static Delivery again(std::string why) { return {Outcome::kAgain, std::move(why)}; }
    static Delivery refused(std::string why) { return {Outcome::kRefused, std::move(why)}; }
    friend bool operator==(const Delivery&, const Delivery&) = default;
};

}  // namespace keyledger::mail

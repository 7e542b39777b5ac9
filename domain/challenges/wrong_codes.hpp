#pragma once
// The aggregate `wrong_codes`: the wrong codes for one address, over all networks and all challenges. Whoever asks
// again and again for somebody else's address gets three guesses each time; their sum is what ends that. Links go on.
// The same for an address that nobody has (I14). Pure. Stream id: derived from the address's keyed digest.
#include <string_view>
#include <variant>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/id.hpp"
#include "domain/base/time.hpp"
#include "domain/challenges/purpose.hpp"

namespace keyledger {

// ---- events ----------------------------------------------------------------------------------------------------
struct WrongCodeCounted {
    ChallengePurpose purpose = ChallengePurpose::kResetPassword;
    static constexpr std::string_view kType = "wrong_code.counted";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "A wrong code for this address. Thirty within 24 hours end codes for it until the first of them is a day old; "
        "links are good all the same.";
    static constexpr auto fields() {
        return std::tuple{Field{"purpose", &WrongCodeCounted::purpose, "what the code was for"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::failure("wrong_code"); }
};
using WrongCodesEvent = std::variant<WrongCodeCounted>;

// ---- commands --------------------------------------------------------------------------------------------------
struct CountWrongCode {
    ChallengePurpose purpose = ChallengePurpose::kResetPassword;
};

// ---- state -----------------------------------------------------------------------------------------------------
inline constexpr std::size_t kMostWrongCodesADay = 30;

struct WrongCodes {
    std::vector<Instant> newest;  // the last kMostWrongCodesADay of them, in order

    static constexpr std::string_view kStreamType = "wrong_codes";
    static constexpr std::string_view kTitle = "Wrong codes";
    static constexpr std::string_view kMeaning =
        "One an address for which a wrong code was presented, whether or not anybody has it; the stream's id is "
        "derived from a keyed digest of the address.";
    static constexpr About kAbout = About::stream();
    using Event = WrongCodesEvent;
    static constexpr int kFold = 1;
    static constexpr auto fields() { return std::tuple{Field{"newest_ms", &WrongCodes::newest}}; }

    bool takes_codes(Instant now) const {
        return newest.size() < kMostWrongCodesADay || now - newest.front() >= days(1);
    }
};
using WrongCodesId = Id<WrongCodes>;

// ---- rules -----------------------------------------------------------------------------------------------------
std::vector<WrongCodesEvent> decide(const WrongCodes& codes, const CountWrongCode& command);
WrongCodes evolve(WrongCodes codes, const WrongCodesEvent& event, const Recorded& recorded);

}  // namespace keyledger

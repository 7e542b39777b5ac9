#include "eventstore/codec/states_codec.hpp"

#include "eventstore/codec/codec.hpp"

namespace keyledger::eventstore {
namespace {

class SealsNothing : public FieldSealer {
public:
    std::string seal(std::string_view field, std::string_view) override {
        throw CodecError("personal data in a snapshot: " + std::string(field));
    }
};

template <class State>
std::string encoded(const State& state) {
    SealsNothing sealer;
    return codec::encode(state, sealer);
}
template <class State>
State decoded(std::string_view text) {
    OpensNothing opener;
    return codec::decode<State>(parse_json(text), opener);
}

}  // namespace

std::string encode_state(const Session& session) { return encoded(session); }
std::string encode_state(const LoginAttempts& attempts) { return encoded(attempts); }

void decode_state(std::string_view text, Session& session) { session = decoded<Session>(text); }
void decode_state(std::string_view text, LoginAttempts& attempts) { attempts = decoded<LoginAttempts>(text); }

}  // namespace keyledger::eventstore

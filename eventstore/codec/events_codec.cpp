#include "eventstore/codec/events_codec.hpp"

#include "eventstore/aggregates.hpp"
#include "eventstore/codec/codec.hpp"
#include "eventstore/codec/upcasts.hpp"

namespace keyledger::eventstore {

void require_believed(const RecordedEvent& event) {
    switch (event.trust) {
        case RecordedEvent::Trust::kBelieved: return;
        case RecordedEvent::Trust::kUnchecked: throw CodecError("nobody checked whether it can be believed");
        case RecordedEvent::Trust::kInert: throw CodecError("it is inert: the service did not write it");
        case RecordedEvent::Trust::kChanged:
            throw CodecError("it was changed after it was signed; 'keyledger audit verify' says more");
        case RecordedEvent::Trust::kKeyMissing:
            throw CodecError("the keyring lacks key " + event.mac_key_id +
                             ", which authenticates it: copy the keyring to this node");
    }
    throw CodecError("it stands in no known way");
}

EncodedEvent encode(const AnyEvent& event, FieldSealer& sealer) {
    return std::visit([&](const auto& of_one) { return codec::encode_any(of_one, sealer); }, event);
}

AnyEventPtr decode_any(const RecordedEvent& event, FieldOpener& opener) {
    require_believed(event);
    AnyEventPtr decoded;
    Aggregates::for_each([&]<class Aggregate> {
        if (event.stream_type == Aggregate::kStreamType)
            decoded = std::make_shared<const AnyEvent>(
                codec::decode_any(std::type_identity<typename Aggregate::Event>{}, event.type, event.schema_version,
                                  event.payload, opener));
    });
    if (!decoded) throw CodecError("unknown stream type '" + event.stream_type + "'");
    return decoded;
}

}  // namespace keyledger::eventstore

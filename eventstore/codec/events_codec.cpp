#include "eventstore/codec/events_codec.hpp"

#include "eventstore/aggregates.hpp"
#include "eventstore/codec/codec.hpp"
#include "eventstore/codec/upcasts.hpp"

namespace keyledger::eventstore {

void need_believed(const RecordedEvent& event) {
    switch (event.standing) {
        case RecordedEvent::Standing::kBelieved: return;
        case RecordedEvent::Standing::kUnchecked: throw CodecError("nobody checked whether it can be believed");
        case RecordedEvent::Standing::kInert: throw CodecError("it is inert: the service did not write it");
        case RecordedEvent::Standing::kChanged:
            throw CodecError("it was changed after it was signed; 'keyledger audit verify' says more");
        case RecordedEvent::Standing::kKeyMissing:
            throw CodecError("the keyring lacks key " + event.mac_key_id +
                             ", which authenticates it: copy the keyring to this node");
    }
    throw CodecError("it stands in no known way");
}

EncodedEvent encode(const AnyEvent& event, FieldSealer& sealer) {
    return std::visit([&](const auto& of_one) { return codec::encode_any(of_one, sealer); }, event);
}

AnyEventPtr decode_any(const RecordedEvent& event, FieldOpener& opener) {
    need_believed(event);
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

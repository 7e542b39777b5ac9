#pragma once
// Opens the personal fields of one event with one subject's key. What is sealed for somebody else, or where there is no
// key, reads as erased. Used by one coroutine; cipher and event outlive it.
#include <utility>

#include "eventstore/codec/events_codec.hpp"
#include "eventstore/sealing/subject_keys.hpp"

namespace keyledger::eventstore {

class SubjectOpener : public FieldOpener {
public:
    SubjectOpener(SubjectCipher& cipher, SubjectKeyPtr key, const RecordedEvent& event)
        : cipher_(cipher), key_(std::move(key)), event_(event) {}

    std::optional<std::string> open(std::string_view field, std::string_view sealed) override {
        if (!key_) return std::nullopt;
        return cipher_.open_field(*key_, {event_.tenant, event_.event_id, field}, sealed);
    }

private:
    SubjectCipher& cipher_;
    const SubjectKeyPtr key_;
    const RecordedEvent& event_;
};

}  // namespace keyledger::eventstore

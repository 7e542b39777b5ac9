#include "projections/hot/device_state.hpp"

#include "projections/hot/snapshot_file.hpp"

namespace keyledger::projections {

using Status = DeviceAuthorization::Status;

void DeviceState::apply(const DeviceAuthorizationId& id, const DeviceAuthorizationEvent& event,
                        const Recorded& recorded) {
    DeviceAuthorization& answer = answers_.shard_of(id)[id];
    answer = evolve(std::move(answer), event, recorded);
}

DeviceAuthorization DeviceState::find(const DeviceAuthorizationId& id) const {
    const DeviceAuthorization* answer = answers_.find(id);
    return answer == nullptr ? DeviceAuthorization{} : *answer;
}

std::size_t DeviceState::sweep(std::size_t shard, Instant now) {
    return boost::unordered::erase_if(answers_.shard(shard), [now](const auto& entry) {
        return entry.second.expires_at <= now - kAnsweredDevicesStay;
    });
}

void DeviceState::write(SnapshotWriter& out) const {
    for (std::size_t shard = 0; shard < answers_.kShards; ++shard) {
        out.number(static_cast<std::int64_t>(answers_.shard(shard).size()));
        for (const auto& [id, answer] : answers_.shard(shard)) {
            out.id(id);
            out.number(static_cast<std::int64_t>(answer.status));
            out.id(answer.user_id);
            out.id(answer.browser_session_id);
            out.number(answer.security_stamp);
            out.time(answer.expires_at);
            out.number(answer.approved_at);
        }
    }
}

void DeviceState::read(SnapshotReader& in) {
    for (std::size_t shard = 0; shard < answers_.kShards; ++shard)
        for (std::int64_t left = in.count(); left > 0; --left) {
            const auto id = in.id<DeviceAuthorization>();
            DeviceAuthorization answer;
            answer.status = in.one_of<Status>(Status::kRefused);
            answer.user_id = in.id<User>();
            answer.browser_session_id = in.id<Session>();
            answer.security_stamp = in.number();
            answer.expires_at = in.time();
            answer.approved_at = in.number();
            answers_.shard_of(id)[id] = answer;
        }
}

}  // namespace keyledger::projections

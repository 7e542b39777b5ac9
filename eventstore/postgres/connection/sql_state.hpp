#pragma once
// What a caller does next about an error of the server, by its SQLSTATE (PostgreSQL documentation, appendix A).
#include <string_view>

namespace keyledger::eventstore::postgres {

enum class Remedy {
    kReconnect,   // the session is lost or useless: another one may do
    kRetry,       // a lock, a resource, a missing right or schema: the same statement may pass later
    kGiveUp,      // the data of this very statement
    kStampAgain,  // append: its time or its MACs' key is behind what the log says (KL004, KL005)
    kNotNow,      // append: nothing can be written while this machine's clock is what it is (KL006)
    kKeyEnded,    // append: a command of it made something under a key that has ended (KL007)
};

inline Remedy remedy_of(std::string_view sql_state) {
    const std::string_view sql_class = sql_state.substr(0, 2);
    if (sql_state.empty() || sql_class == "08" || sql_state == "57P01" || sql_state == "57P02" ||
        sql_state == "57P03" || sql_state == "57P05")
        return Remedy::kReconnect;  // connection exceptions, shutting down, starting up, idle too long
    if (sql_state == "25006" || sql_state == "0A000") return Remedy::kReconnect;  // a standby; a plan of old tables
    for (const std::string_view later : {"40", "42", "3F", "53", "55", "57", "58", "25", "28", "XX"})
        if (sql_class == later) return Remedy::kRetry;
    if (sql_state == "KL004" || sql_state == "KL005") return Remedy::kStampAgain;
    if (sql_state == "KL006") return Remedy::kNotNow;
    if (sql_state == "KL007") return Remedy::kKeyEnded;
    if (sql_state == "KL003") return Remedy::kRetry;  // append: a session with other settings than it needs
    return Remedy::kGiveUp;
}

}  // namespace keyledger::eventstore::postgres

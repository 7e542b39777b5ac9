#pragma once
// What is presented under a key that the keyring does not know: made up, or of a keyring that is newer than this one.
#include <functional>
#include <optional>
#include <string>

namespace keyledger::security {

enum class KeyLocation {
    kUnknown,     // nobody has such a key, as far as is known; or this keyring knows that it ended
    kOtherNode,   // others have it, and this keyring lacks it
    kJustLoaded,  // the keyring was read again and has it
};
// Costs a look into memory unless others have the key. Any thread.
using LocateKey = std::function<KeyLocation(const std::string& key_id)>;

// True: open it again. Throws commands::KeyOnOtherNode where nothing can be said on this node. Without a name, or
// nobody to ask: false.
bool is_here_now(const LocateKey& locate_key, const std::optional<std::string>& key_id);

}  // namespace keyledger::security

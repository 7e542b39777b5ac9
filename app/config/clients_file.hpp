#pragma once
// Clients from a file: {"clients": [{"client_id", "client_secret_sha256" (hex), "audiences": […],
// "introspect": "all" or "own", "revoke": "all" or "own", "evaluate": "all" or "none"}], "first_party_audiences": […]}.
// Who may introspect all tokens revokes its own all the same. Secrets have 256 bits of
// entropy, so their SHA-256 suffices: there is nothing to guess that a slow hash would slow down.
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "commands/sessions/tokens.hpp"
#include "domain/base/result.hpp"

namespace keyledger::app {

inline constexpr std::size_t kMaxClientsFileBytes = 1024 * 1024;
inline constexpr std::size_t kMaxClients = 10'000;

class FileClients : public commands::ClientRegistry {
public:
    // An empty path: the first-party client alone. The error is all that is wrong with the file, a sentence each with
    // its line; none quotes a digest.
    static Result<FileClients, std::vector<std::string>> load(const std::string& path);

    commands::SharedClient authenticate(std::string_view client_id, const Secret& secret) override;
    commands::SharedClient find(std::string_view client_id) override;

private:
    struct Entry {
        commands::SharedClient client;  // never nullptr
        std::string secret_sha256;      // 32 bytes; empty: it can't authenticate
    };
    static Result<FileClients, std::vector<std::string>> parse(const std::string& path, const std::string& text);
    std::map<std::string, Entry, std::less<>> clients_;
};

// Clients that may be replaced while others ask for them: each question is answered by the ones or the others. Any
// thread.
class LiveClients : public commands::ClientRegistry {
public:
    explicit LiveClients(FileClients clients);
    void replace(FileClients clients);

    commands::SharedClient authenticate(std::string_view client_id, const Secret& secret) override;
    commands::SharedClient find(std::string_view client_id) override;

private:
    std::shared_ptr<FileClients> now() const;

    mutable std::mutex mutex_;
    std::shared_ptr<FileClients> clients_;
};

}  // namespace keyledger::app

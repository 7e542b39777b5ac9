#pragma once
// Stands between a client and a server on 127.0.0.1, so that tests can lose answers and cut connections at an exact
// moment. One thread for each direction of each connection.
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace keyledger::test {

class TcpProxy {
public:
    explicit TcpProxy(std::uint16_t server_port);
    ~TcpProxy();
    TcpProxy(const TcpProxy&) = delete;
    TcpProxy& operator=(const TcpProxy&) = delete;

    std::uint16_t port() const { return port_; }
    // From now on what servers answer is held back (and new connections stay mute) until pass_answers() or cut().
    void hold_answers();
    void pass_answers();
    // Waits until an answer is held back; false if none came.
    bool wait_for_held_answer(std::chrono::milliseconds at_most);
    // The connections that there are stay open and swallow everything, in both directions, for ever; new ones pass
    // everything. A host behind a network that drops packets, except that these are acknowledged.
    void silence();
    // Closes every connection, without passing on what is held; new ones are accepted and pass everything.
    void cut();
    // New connections are closed at once, until accept_again().
    void refuse();
    void accept_again();

private:
    struct Link {
        int client = -1;
        int server = -1;
        bool silent = false;
        std::thread up;
        std::thread down;
    };
    void accept_loop();
    void pump(Link& link, int from, int to, bool is_answer);
    bool is_silent(const Link& link);
    static void close_all(std::list<Link>& links);

    std::uint16_t server_port_;
    std::uint16_t port_ = 0;
    int listener_ = -1;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::list<Link> links_;
    bool holding_ = false;
    bool refusing_ = false;
    bool stopping_ = false;
    int held_ = 0;
    std::uint64_t cuts_ = 0;
    std::thread acceptor_;
};

// The same database URL, through the proxy. Throws unless the URL names a TCP server.
std::string through(const TcpProxy& proxy, const std::string& url);
std::uint16_t port_of(const std::string& url);

}  // namespace keyledger::test

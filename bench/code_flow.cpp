// Code flows of people who are logged in already, against any OpenID provider: GET of the authorization endpoint with
// the browser's cookies and PKCE (S256), which has to send the browser back with a code, then POST of that code to the
// token endpoint by an application with a secret, which has to give an access token, an ID token and a refresh token.
// One thread, many kept connections; each of them has browsers of its own, takes one after the other, and keeps cookies
// as a browser does. Prints flows a second, how long one took, and the seconds of processor that 1,000 took of each
// process.
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <cstdio>
#include <deque>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>

#include "bench/connection.hpp"
#include "bench/resources.hpp"

namespace keyledger::bench {
namespace {

struct Options {
    std::string name;  // of what is measured
    std::string host = "127.0.0.1";
    std::string port;
    std::string authorize;  // path
    std::string token;      // path
    std::string redirect_uri;
    std::string client;   // id:secret, from CODE_FLOW_CLIENT: arguments are public
    std::string cookies;  // a file with what a browser sends, a line each
    std::size_t connections = 16;
    double seconds = 20;
    std::vector<std::string> processes;  // NAME=PID
    std::string statements_url;          // from KEYLEDGER_LOAD_STATEMENTS_URL: it holds a password
};

std::string base64url(std::string bytes) {
    std::string text = base64(bytes);
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    text.erase(text.find_last_not_of('=') + 1);
    return text;
}
std::string random_text() {
    std::string bytes(32, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) != 1)
        throw std::runtime_error("there is no randomness");
    return base64url(std::move(bytes));
}
// RFC 7636 section 4.2
std::string challenge_of(const std::string& verifier) {
    std::string digest(SHA256_DIGEST_LENGTH, '\0');
    SHA256(reinterpret_cast<const unsigned char*>(verifier.data()), verifier.size(),
           reinterpret_cast<unsigned char*>(digest.data()));
    return base64url(std::move(digest));
}
std::string percent_encoded(std::string_view text) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) || std::string_view("-._~").find(c) != std::string_view::npos) encoded += c;
        else encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
    return encoded;
}
std::string parameter(const std::string& target, const std::string& name) {
    for (auto at = target.find_first_of("?&"); at != std::string::npos; at = target.find('&', at + 1))
        if (target.compare(at + 1, name.size() + 1, name + "=") == 0) {
            const auto from = at + 2 + name.size();
            return target.substr(from, target.find_first_of("&#", from) - from);
        }
    return {};
}

// The cookies of one provider in one browser (RFC 6265), as far as providers use them: paths and domains say nothing
// here.
class Browser {
public:
    explicit Browser(std::string_view header) {
        for (std::size_t end = 0; !header.empty(); header.remove_prefix(std::min(end + 2, header.size()))) {
            end = std::min(header.find("; "), header.size());
            set(header.substr(0, end));
        }
    }
    void keep(const Answer& answer) {
        for (std::string cookie : answer.cookies) {
            const std::string pair = cookie.substr(0, cookie.find(';'));
            std::transform(cookie.begin(), cookie.end(), cookie.begin(),
                           [](unsigned char c) { return std::tolower(c); });
            const bool gone = cookie.find("max-age=0") != cookie.npos || cookie.find("01-jan-1970") != cookie.npos ||
                              cookie.find("01 jan 1970") != cookie.npos;
            if (gone) cookies_.erase(pair.substr(0, pair.find('=')));
            else set(pair);
        }
    }
    std::string sends() const {
        std::string all;
        for (const auto& [name, value] : cookies_) all.append(all.empty() ? "" : "; ").append(name + "=" + value);
        return all;
    }

private:
    void set(std::string_view pair) {
        const auto equals = std::min(pair.find('='), pair.size());
        cookies_[std::string(pair.substr(0, equals))] = pair.substr(std::min(equals + 1, pair.size()));
    }
    std::map<std::string, std::string> cookies_;
};

class Flows {
public:
    explicit Flows(Options options)
        : options_(std::move(options)), resources_(options_.processes, options_.statements_url) {
        std::ifstream in(options_.cookies);
        browsers_.resize(options_.connections);
        std::size_t read = 0;
        for (std::string line; std::getline(in, line); ++read) browsers_[read % browsers_.size()].emplace_back(line);
        if (read < options_.connections) throw std::runtime_error("fewer browsers than connections");
        client_id_ = options_.client.substr(0, options_.client.find(':'));
    }

    int run() {
        asio::io_context io(1);
        resources_.begin();
        begun_ = Clock::now();
        for (auto& mine : browsers_)
            asio::co_spawn(io, work(io, mine), [](std::exception_ptr error) {
                if (error) std::rethrow_exception(error);
            });
        io.run();
        const double seconds = std::chrono::duration<double>(Clock::now() - begun_).count();
        print(seconds, resources_.end());
        return bad_ > 0 || micros_.empty() ? 1 : 0;
    }

private:
    asio::awaitable<void> work(asio::io_context& io, std::deque<Browser>& mine) {
        Connection connection(io, options_.host, options_.port);
        for (std::size_t turn = 0;; ++turn) {
            const auto begun = Clock::now();
            if (std::chrono::duration<double>(begun - begun_).count() >= options_.seconds) co_return;
            const bool good = co_await flow(connection, mine[turn % mine.size()]);
            const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun);
            if (good) micros_.push_back(static_cast<std::uint32_t>(took.count()));
            else ++bad_;
        }
    }

    asio::awaitable<bool> flow(Connection& connection, Browser& browser) {
        const std::string verifier = random_text();
        const std::string state = random_text();
        Ask ask{"GET",
                options_.authorize + "?response_type=code&scope=openid&client_id=" + percent_encoded(client_id_) +
                    "&redirect_uri=" + percent_encoded(options_.redirect_uri) + "&state=" + state + "&nonce=" +
                    random_text() + "&code_challenge=" + challenge_of(verifier) + "&code_challenge_method=S256",
                {},
                {},
                {},
                browser.sends()};
        const Answer sent_back = co_await connection.send(std::move(ask));
        browser.keep(sent_back);
        const std::string code = parameter(sent_back.location, "code");
        const bool redirects = sent_back.status == 302 || sent_back.status == 303;
        if (!redirects || !sent_back.location.starts_with(options_.redirect_uri) || code.empty() ||
            parameter(sent_back.location, "state") != state)
            co_return complain("authorization endpoint", sent_back);
        Ask exchange{"POST", options_.token, "application/x-www-form-urlencoded",
                     "grant_type=authorization_code&code=" + code +
                         "&redirect_uri=" + percent_encoded(options_.redirect_uri) + "&code_verifier=" + verifier,
                     "Basic " + base64(options_.client)};
        const Answer tokens = co_await connection.send(std::move(exchange));
        const std::string id_token = text_member(tokens.body, "id_token");
        const std::string access_token = text_member(tokens.body, "access_token");
        if (tokens.status != 200 || id_token.empty() || access_token.empty() ||
            text_member(tokens.body, "refresh_token").empty())
            co_return complain("token endpoint", tokens);
        // The header's first bytes, which name the algorithm.
        kinds_ = id_token.substr(0, id_token.find('.')) + ' ' + access_token.substr(0, access_token.find('.'));
        bytes_ = tokens.body.size();
        co_return true;
    }
    bool complain(const char* who, const Answer& answer) {
        if (complaints_++ < 5)
            std::cerr << options_.name << ": " << who << ": status " << answer.status << ' '
                      << answer.location.substr(0, answer.location.find('?')) << ' '
                      << (answer.status == 200 ? "" : answer.body.substr(0, 300)) << '\n';
        return false;
    }

    double percentile(double part) {
        if (micros_.empty()) return 0;
        const auto at = micros_.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(micros_.size() - 1));
        std::nth_element(micros_.begin(), at, micros_.end());
        return *at / 1000.0;
    }
    static std::string algorithm(const std::string& header) {
        std::string bytes(header.size() + 4, '\0');
        std::string padded = header;
        while (padded.size() % 4 != 0) padded += '=';
        std::replace(padded.begin(), padded.end(), '-', '+');
        std::replace(padded.begin(), padded.end(), '_', '/');
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                        reinterpret_cast<const unsigned char*>(padded.data()), static_cast<int>(padded.size()));
        std::erase(bytes, ' ');
        return text_member(bytes, "alg");
    }
    void print(double seconds, const Resources::Usage& usage) {
        const auto flows = static_cast<double>(micros_.size());
        std::printf(R"({"figure":"code flow","of":"%s","flows":%zu,"bad":%zu,"seconds":%.2f,"rate":%.1f,)"
                    R"("p50_ms":%.2f,"p99_ms":%.2f,"id_token":"%s","access_token":"%s","token_answer_bytes":%zu)",
                    options_.name.c_str(), micros_.size(), bad_, seconds, flows / seconds, percentile(0.5),
                    percentile(0.99), algorithm(kinds_.substr(0, kinds_.find(' '))).c_str(),
                    algorithm(kinds_.substr(kinds_.find(' ') + 1)).c_str(), bytes_);
        for (const auto& [name, used] : usage.seconds)
            std::printf(R"(,"cpu_%s":%.4f)", name.c_str(), 1000 * used / flows);
        if (usage.service_kib > 0) std::printf(R"(,"service_mib":%.0f)", static_cast<double>(usage.service_kib) / 1024);
        std::printf("}\n");
        for (const auto& statement : usage.statements) {
            constexpr double kRare = 0.005;
            if (statement.calls / flows < kRare) continue;
            std::string text = statement.text;
            std::replace_if(
                text.begin(), text.end(), [](char c) { return c == '"' || c == '\\' || c < ' '; }, '\'');
            std::printf("{\"statement\":\"%s\",\"each\":%.4f,\"text\":\"%s\"}\n", options_.name.c_str(),
                        statement.calls / flows, text.c_str());
        }
    }

    const Options options_;
    Resources resources_;
    std::string client_id_;
    std::vector<std::deque<Browser>> browsers_;  // by connection
    Clock::time_point begun_{};
    std::vector<std::uint32_t> micros_;  // of good flows
    std::size_t bad_ = 0;
    std::string kinds_ = " ";
    std::size_t bytes_ = 0;
    int complaints_ = 0;
};

}  // namespace
}  // namespace keyledger::bench

int main(int argc, char** argv) {
    CLI::App app{"Code flows of people who are logged in, against an OpenID provider."};
    app.option_defaults()->always_capture_default();
    keyledger::bench::Options options;
    app.add_option("--name", options.name, "of what is measured")->required();
    app.add_option("--host", options.host, "of the provider");
    app.add_option("--port", options.port, "of the provider")->required();
    app.add_option("--authorize", options.authorize, "path of the authorization endpoint")->required();
    app.add_option("--token", options.token, "path of the token endpoint")->required();
    app.add_option("--redirect-uri", options.redirect_uri, "of the application, CODE_FLOW_CLIENT=id:secret")
        ->required();
    app.add_option("--cookies", options.cookies, "file with the cookies of a browser on each line")->required();
    app.add_option("--connections", options.connections, "at the same time");
    app.add_option("--seconds", options.seconds, "to go on");
    app.add_option("--process", options.processes, "NAME=PID: tell what a flow takes of its processor");
    CLI11_PARSE(app, argc, argv);
    if (const char* url = std::getenv("KEYLEDGER_LOAD_STATEMENTS_URL")) options.statements_url = url;
    const char* client = std::getenv("CODE_FLOW_CLIENT");
    if (!client) {
        std::cerr << "code_flow: it takes CODE_FLOW_CLIENT=id:secret\n";
        return 2;
    }
    options.client = client;
    try {
        return keyledger::bench::Flows(std::move(options)).run();
    } catch (const std::exception& error) {
        std::cerr << "code_flow: " << error.what() << '\n';
        return 1;
    }
}

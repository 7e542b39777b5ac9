#include "app/config/kafka_security.hpp"

#include <algorithm>
#include <array>

namespace keyledger::app {
namespace {

enum class Of { kTls, kPassword, kToken };

// A setting, librdkafka's name for it, and what it is of.
struct KafkaProperty {
    std::string_view setting;
    std::string_view property;
    Of of;
};
constexpr std::array kMapped{
    KafkaProperty{"KEYLEDGER_KAFKA_SSL_CA_FILE", "ssl.ca.location", Of::kTls},
    KafkaProperty{"KEYLEDGER_KAFKA_SSL_CRL_FILE", "ssl.crl.location", Of::kTls},
    KafkaProperty{"KEYLEDGER_KAFKA_SSL_CERTIFICATE_FILE", "ssl.certificate.location", Of::kTls},
    KafkaProperty{"KEYLEDGER_KAFKA_SSL_KEY_FILE", "ssl.key.location", Of::kTls},
    KafkaProperty{"KEYLEDGER_KAFKA_SSL_KEY_PASSWORD", "ssl.key.password", Of::kTls},
    KafkaProperty{"KEYLEDGER_KAFKA_SSL_CIPHER_SUITES", "ssl.cipher.suites", Of::kTls},
    KafkaProperty{"KEYLEDGER_KAFKA_SASL_USERNAME", "sasl.username", Of::kPassword},
    KafkaProperty{"KEYLEDGER_KAFKA_SASL_PASSWORD", "sasl.password", Of::kPassword},
    KafkaProperty{"KEYLEDGER_KAFKA_SASL_TOKEN_FILE", "", Of::kToken},
};
constexpr std::string_view kProtocol = "KEYLEDGER_KAFKA_SECURITY_PROTOCOL";
constexpr std::string_view kMechanism = "KEYLEDGER_KAFKA_SASL_MECHANISM";
constexpr std::string_view kIdentification = "KEYLEDGER_KAFKA_SSL_ENDPOINT_IDENTIFICATION";
constexpr std::array<std::string_view, 4> kProtocols{"plaintext", "ssl", "sasl_plaintext", "sasl_ssl"};
constexpr std::array<std::string_view, 4> kMechanisms{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"};

class SecurityReader {
public:
    explicit SecurityReader(const std::function<std::string(std::string_view)>& text) : text_(text) {}

    Result<KafkaSecurity, std::vector<std::string>> read() {
        const std::string protocol = text_(kProtocol);
        if (!is_one_of(kProtocols, protocol)) {
            fault(kProtocol, "give plaintext, ssl, sasl_plaintext or sasl_ssl, not '" + protocol + "'");
            return Unexpected(std::move(faults_));
        }
        tls_ = protocol == "ssl" || protocol == "sasl_ssl";
        sasl_ = protocol.starts_with("sasl_");
        set("security.protocol", protocol);
        read_sasl(protocol);
        for (const KafkaProperty& one : kMapped) read(one, protocol);
        if (tls_) read_tls();
        if (!faults_.empty()) return Unexpected(std::move(faults_));
        return std::move(security_);
    }

private:
    template <std::size_t count>
    static bool is_one_of(const std::array<std::string_view, count>& all, std::string_view one) {
        return std::find(all.begin(), all.end(), one) != all.end();
    }
    void fault(std::string_view setting, std::string sentence) {
        faults_.push_back(std::string(setting) + ": " + std::move(sentence));
    }
    void set(std::string_view property, std::string value) {
        security_.properties.emplace_back(property, std::move(value));
    }

    void read_sasl(const std::string& protocol) {
        const std::string mechanism = text_(kMechanism);
        if (!sasl_) {
            if (!mechanism.empty())
                fault(kMechanism, "is not used with " + std::string(kProtocol) + "=" + protocol +
                                      "; set that to sasl_ssl, or unset this");
            return;
        }
        if (!is_one_of(kMechanisms, mechanism)) {
            const std::string given = mechanism.empty() ? "" : ", not '" + mechanism + "'";
            fault(kMechanism, "give PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER" + given);
            return;
        }
        token_ = mechanism == "OAUTHBEARER";
        if (!tls_ && (token_ || mechanism == "PLAIN"))
            fault(kMechanism, mechanism + " would send its secret readable; set " + std::string(kProtocol) +
                                  " to sasl_ssl, or take SCRAM-SHA-512");
        set("sasl.mechanism", mechanism);
        for (const KafkaProperty& one : kMapped)
            if (one.of == (token_ ? Of::kToken : Of::kPassword) && text_(one.setting).empty())
                fault(one.setting, "is not set, but " + mechanism + " needs it");
    }

    void read(const KafkaProperty& one, const std::string& protocol) {
        std::string value = text_(one.setting);
        if (value.empty()) return;
        const bool used = one.of == Of::kTls ? tls_ : sasl_ && token_ == (one.of == Of::kToken);
        if (!used) {
            const char* what = one.of == Of::kTls        ? "ssl or sasl_ssl"
                               : one.of == Of::kPassword ? "sasl_ssl with PLAIN or SCRAM"
                                                         : "sasl_ssl with OAUTHBEARER";
            fault(one.setting, "is not used with " + std::string(kProtocol) + "=" + protocol +
                                   (sasl_ ? " and this mechanism" : "") + "; it takes " + what + ". Unset it");
        } else if (one.of == Of::kToken) {
            security_.oauth_token_file = std::move(value);
        } else {
            set(one.property, std::move(value));
        }
    }

    void read_tls() {
        const auto is_set = [this](std::string_view setting) { return !text_(setting).empty(); };
        constexpr std::string_view kCertificate = "KEYLEDGER_KAFKA_SSL_CERTIFICATE_FILE";
        constexpr std::string_view kKey = "KEYLEDGER_KAFKA_SSL_KEY_FILE";
        if (is_set(kCertificate) != is_set(kKey))
            fault(kCertificate, "goes together with " + std::string(kKey) + ": set both or none");
        if (is_set("KEYLEDGER_KAFKA_SSL_KEY_PASSWORD") && !is_set(kKey))
            fault("KEYLEDGER_KAFKA_SSL_KEY_PASSWORD", "is of no key; set " + std::string(kKey) + " too");
        const std::string identification = text_(kIdentification);
        if (identification != "https" && identification != "none")
            fault(kIdentification,
                  "give https (the certificate names the broker) or none, not '" + identification + "'");
        set("ssl.endpoint.identification.algorithm", identification);
    }

    const std::function<std::string(std::string_view)>& text_;
    bool tls_ = false;
    bool sasl_ = false;
    bool token_ = false;
    KafkaSecurity security_;
    std::vector<std::string> faults_;
};

}  // namespace

Result<KafkaSecurity, std::vector<std::string>> read_kafka_security(
    const std::function<std::string(std::string_view)>& text) {
    return SecurityReader(text).read();
}

}  // namespace keyledger::app

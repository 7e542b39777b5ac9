#include "app/core/mailing.hpp"

#include <map>
#include <stdexcept>

#include "app/core/template_folder.hpp"

namespace keyledger::app {
namespace {

std::string setting_of(std::string_view option) {
    static const std::map<std::string_view, std::string_view> kSettingOf{
        {"url", "KEYLEDGER_SMTP_URL"},
        {"tls", "KEYLEDGER_SMTP_TLS"},
        {"user", "KEYLEDGER_SMTP_USERNAME"},
        {"password", "KEYLEDGER_SMTP_PASSWORD"},
        {"from_address", "KEYLEDGER_MAIL_FROM"},
        {"from_name", "KEYLEDGER_MAIL_FROM_NAME"},
        {"default_language", "KEYLEDGER_MAIL_LANGUAGE"},
        {"connections", "KEYLEDGER_SMTP_CONNECTIONS"},
    };
    return std::string(kSettingOf.at(option));
}

constexpr const char* kTemplates = "KEYLEDGER_MAIL_TEMPLATES";

}  // namespace

mail::MailerOptions mailer_options(const MailSettings& settings) {
    mail::MailerOptions options;
    options.smtp.url = settings.smtp_url;
    options.smtp.user = settings.smtp_username;
    options.smtp.password = Secret(settings.smtp_password);
    options.smtp.tls = settings.smtp_tls == "off"        ? mail::SmtpTls::kOff
                       : settings.smtp_tls == "required" ? mail::SmtpTls::kRequired
                                                         : mail::SmtpTls::kAuto;
    options.smtp.ca_file = settings.smtp_ca_file;
    options.smtp.connections = settings.smtp_connections;
    options.smtp.send_timeout = std::chrono::milliseconds(settings.smtp_timeout.ms());
    options.from_address = settings.from;
    options.from_name = settings.from_name;
    options.default_language = settings.language;
    return options;
}

std::vector<std::string> mail_faults(const MailSettings& settings) {
    const auto templates = mail::Templates::load(settings.templates_folder);
    if (!templates) {
        std::vector<std::string> faults;
        for (const std::string& sentence : templates.error().sentences)
            faults.push_back("KEYLEDGER_MAIL_TEMPLATES: " + sentence);
        return faults;
    }
    std::vector<std::string> faults = untrusted_templates(kTemplates, settings.templates_folder);
    if (settings.smtp_url.empty()) return faults;
    for (const auto& [option, sentence] : mail::check_mailer_options(mailer_options(settings), *templates))
        faults.push_back(setting_of(option) + ": " + sentence);
    return faults;
}

std::unique_ptr<mail::Mailer> make_mailer(const MailSettings& settings) {
    if (settings.smtp_url.empty()) return nullptr;
    auto templates = mail::Templates::load(settings.templates_folder);
    if (!templates) throw std::invalid_argument(templates.error().sentences.front());
    const auto untrusted = untrusted_templates(kTemplates, settings.templates_folder);
    if (!untrusted.empty()) throw std::invalid_argument(untrusted.front());
    return std::make_unique<mail::Mailer>(mailer_options(settings), std::move(*templates));
}

}  // namespace keyledger::app

#pragma once
// Mail, as the settings KEYLEDGER_SMTP_* and KEYLEDGER_MAIL_* say.
#include <memory>
#include <string>
#include <vector>

#include "app/config/settings.hpp"
#include "mail/mailer.hpp"

namespace keyledger::app {

mail::MailerOptions mailer_options(const MailSettings& settings);

// Sentences that name the setting, or a template's file and line. None without KEYLEDGER_SMTP_URL and
// KEYLEDGER_MAIL_TEMPLATES. Reads files, connects to nobody.
std::vector<std::string> mail_faults(const MailSettings& settings);

// nullptr: the settings name no server. Settings with faults throw std::invalid_argument.
std::unique_ptr<mail::Mailer> make_mailer(const MailSettings& settings);

}  // namespace keyledger::app

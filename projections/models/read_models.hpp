#pragma once
// The read models of this build: what of the log each keeps. Their rows, and what can be asked of them, stand in
// models/users.hpp … A new one is a class here, a line in all_read_models(), and a source for its apply().
#include <memory>

#include "projections/engine/read_model.hpp"

namespace keyledger::projections {

class UsersModel : public ReadModel {
public:
    Model model() const override;
    void create(pqxx::transaction_base& transaction, int generation) const override;
    void apply(pqxx::transaction_base& transaction, int generation,
               std::span<const DecodedEvent> events) const override;
};

class SessionsModel : public ReadModel {
public:
    Model model() const override;
    void create(pqxx::transaction_base& transaction, int generation) const override;
    void apply(pqxx::transaction_base& transaction, int generation,
               std::span<const DecodedEvent> events) const override;
};

// Remembers whose sessions are: an object is one follower's at a time, on one thread.
class AuditModel : public ReadModel {
public:
    AuditModel();
    ~AuditModel() override;
    Model model() const override;
    std::vector<std::string_view> parts() const override;
    void create(pqxx::transaction_base& transaction, int generation) const override;
    void apply(pqxx::transaction_base& transaction, int generation,
               std::span<const DecodedEvent> events) const override;
    void forget() const override;
    void committed() const override;

private:
    class KnownOwners;
    const std::unique_ptr<KnownOwners> known_;
};

class ErasuresModel : public ReadModel {
public:
    Model model() const override;
    void create(pqxx::transaction_base& transaction, int generation) const override;
    void apply(pqxx::transaction_base& transaction, int generation,
               std::span<const DecodedEvent> events) const override;
};

class DeadlinesModel : public ReadModel {
public:
    Model model() const override;
    void create(pqxx::transaction_base& transaction, int generation) const override;
    void apply(pqxx::transaction_base& transaction, int generation,
               std::span<const DecodedEvent> events) const override;
};

class PermissionsModel : public ReadModel {
public:
    Model model() const override;
    std::vector<std::string_view> parts() const override;
    void create(pqxx::transaction_base& transaction, int generation) const override;
    void apply(pqxx::transaction_base& transaction, int generation,
               std::span<const DecodedEvent> events) const override;
};

class ServiceAccountsModel : public ReadModel {
public:
    Model model() const override;
    void create(pqxx::transaction_base& transaction, int generation) const override;
    void apply(pqxx::transaction_base& transaction, int generation,
               std::span<const DecodedEvent> events) const override;
};

class ApplicationsModel : public ReadModel {
public:
    Model model() const override;
    void create(pqxx::transaction_base& transaction, int generation) const override;
    void apply(pqxx::transaction_base& transaction, int generation,
               std::span<const DecodedEvent> events) const override;
};

class ConsentsModel : public ReadModel {
public:
    Model model() const override;
    void create(pqxx::transaction_base& transaction, int generation) const override;
    void apply(pqxx::transaction_base& transaction, int generation,
               std::span<const DecodedEvent> events) const override;
};

// In the order in which they are applied.
std::vector<std::unique_ptr<ReadModel>> all_read_models();

}  // namespace keyledger::projections

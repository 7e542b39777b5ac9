#pragma once
// What collect() puts together: each is of one part, and quick.
#include "app/metrics/collecting.hpp"

namespace keyledger::app {

// ---- what is stored, and read (stored_samples.cpp) -------------------------------------------------------------
Samples append_samples(const Core& core);
Samples session_samples();
Samples limit_samples(const Core& core);
// ---- who waits for whom (queue_samples.cpp) --------------------------------------------------------------------
Samples queue_samples(const Observed& observed);
// ---- who follows the log (reader_samples.cpp) ------------------------------------------------------------------
Samples log_samples(const Observed& observed);
Samples projector_samples(const Followers& followers);
Samples reactor_samples(const Reactors& reactors);
Samples publisher_samples(const Followers& followers);
Samples kafka_samples(const Followers& followers);
Samples hot_access_samples(const Observed& observed);
Samples tree_head_samples(const TreeHeads& tree_heads);

// The newest event that this node has heard of, from whomever; 0: none yet.
Position newest_known(const Observed& observed);

// Of one kind of part: the beginning of its names, and its labels.
class SamplesOf {
public:
    explicit SamplesOf(std::string prefix, Sample::Labels labels = {})
        : prefix_(std::move(prefix)), labels_(std::move(labels)) {}

    template <class Value>
    SamplesOf& add(std::string_view name, std::string_view help, Value value) {
        samples_.push_back({prefix_ + std::string(name), std::string(help), labels_, static_cast<double>(value)});
        return *this;
    }
    SamplesOf& add(std::string_view name, std::string_view help, HistogramReading reading, double unit) {
        Sample sample{prefix_ + std::string(name), std::string(help), labels_};
        sample.histogram = std::move(reading);
        sample.unit = unit;
        samples_.push_back(std::move(sample));
        return *this;
    }
    void move_to(Samples& all) {
        for (Sample& one : samples_) all.push_back(std::move(one));
        samples_.clear();
    }
    Samples take() { return std::move(samples_); }

private:
    const std::string prefix_;
    const Sample::Labels labels_;
    Samples samples_;
};

}  // namespace keyledger::app

#include "state/lifecycle.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

namespace understudy::state {

namespace {

using enum lifecycle_state;
using event = lifecycle_event;

using place = std::pair<lifecycle_state, lifecycle_state>;

// Every value a lifecycle can have.
std::vector<lifecycle> all_places() {
    std::vector<lifecycle> places;
    for (const auto state : lifecycle_states) {
        if (state == pausing) {
            places.push_back({pausing, paused});
            places.push_back({pausing, finished});
        } else if (state == modifying) {
            for (const auto then : {not_started, prechecking, precheck_failed,
                                    initialization_failed, failed, paused, finished})
                places.push_back({modifying, then});
        } else {
            places.push_back(lifecycle::at(state));
        }
    }
    return places;
}

std::string text(const lifecycle& value) {
    return std::string(to_string(value.now)) + "/" + std::string(to_string(value.then));
}

using row = std::map<event, lifecycle>;

// What is allowed, written out; everything that is not here is refused.
row allowed(const lifecycle& from) {
    const auto at = [](lifecycle_state state) { return lifecycle::at(state); };
    const lifecycle to_paused{pausing, paused};
    const lifecycle to_finished{pausing, finished};
    const lifecycle changed_running{modifying, prechecking};
    switch (from.now) {
    case not_started:
        return {{event::start, at(prechecking)},
                {event::stop, at(finished)},
                {event::modify, {modifying, not_started}},
                {event::restarted, from}};
    case prechecking:
        return {{event::start, from},
                {event::resume, from},
                {event::pause, to_paused},
                {event::stop, to_finished},
                {event::modify, changed_running},
                {event::copying, at(initializing)},
                {event::streaming, at(synchronizing)},
                {event::goal_reached, at(finished)},
                {event::run_failed, at(precheck_failed)},
                {event::restarted, from}};
    case initializing:
        return {{event::start, from},
                {event::resume, from},
                {event::pause, to_paused},
                {event::stop, to_finished},
                {event::modify, changed_running},
                {event::copying, from},
                {event::streaming, at(synchronizing)},
                {event::goal_reached, at(finished)},
                {event::run_failed, at(initialization_failed)},
                {event::restarted, from}};
    case synchronizing:
        return {{event::start, from},
                {event::resume, from},
                {event::pause, to_paused},
                {event::stop, to_finished},
                {event::modify, changed_running},
                {event::copying, at(initializing)},
                {event::streaming, from},
                {event::goal_reached, at(finished)},
                {event::run_failed, at(failed)},
                {event::restarted, from}};
    case precheck_failed:
    case initialization_failed:
    case failed:
        return {{event::start, at(prechecking)},
                {event::resume, at(prechecking)},
                {event::stop, at(finished)},
                {event::modify, {modifying, from.now}},
                {event::restarted, from}};
    case paused:
        return {{event::start, at(prechecking)},
                {event::resume, at(prechecking)},
                {event::pause, from},
                {event::stop, at(finished)},
                {event::modify, {modifying, paused}},
                {event::restarted, from}};
    case finished:
        return {{event::start, at(prechecking)},
                {event::resume, at(prechecking)},
                {event::stop, from},
                {event::modify, {modifying, finished}},
                {event::restarted, from}};
    case pausing: {
        row rules{{event::stop, to_finished},
                  {event::copying, from},
                  {event::streaming, from},
                  {event::run_ended, at(from.then)},
                  {event::goal_reached, at(finished)},
                  {event::run_failed, at(from.then)},
                  {event::restarted, at(from.then)}};
        if (from.then == paused) rules.emplace(event::pause, from);
        return rules;
    }
    case modifying:
        return {{event::modified, at(from.then)}, {event::copying, from},
                {event::streaming, from},         {event::run_ended, from},
                {event::goal_reached, from},      {event::run_failed, from},
                {event::restarted, at(from.then)}};
    }
    return {};
}

} // namespace

TEST(lifecycle, goes_where_each_event_leads_and_refuses_all_others) {
    int allowed_count = 0;
    int refused_count = 0;
    for (const lifecycle& from : all_places()) {
        const row rules = allowed(from);
        for (const event happened : lifecycle_events) {
            SCOPED_TRACE(text(from) + " + " + std::string(to_string(happened)));
            const auto reached = next(from, happened);
            const auto rule = rules.find(happened);
            ASSERT_EQ(reached.has_value(), rule != rules.end());
            if (reached) {
                EXPECT_EQ(text(*reached), text(rule->second));
                ++allowed_count;
            } else {
                ++refused_count;
            }
        }
    }
    EXPECT_EQ(allowed_count + refused_count,
              static_cast<int>(all_places().size() * lifecycle_events.size()));
    EXPECT_GT(refused_count, 50);
}

TEST(lifecycle, is_closed_no_event_leads_to_a_value_that_cannot_be) {
    const auto places = all_places();
    for (const lifecycle& from : places) {
        for (const event happened : lifecycle_events) {
            if (const auto reached = next(from, happened)) {
                EXPECT_NE(std::ranges::find(places, *reached), places.end()) << text(*reached);
            }
        }
    }
}

TEST(lifecycle, after_a_crash_nothing_is_left_between_two_states) {
    for (const lifecycle& from : all_places()) {
        const auto reached = next(from, event::restarted);
        ASSERT_TRUE(reached) << text(from);
        EXPECT_EQ(reached->now, reached->then) << text(from);
        if (wants_to_run(from.now)) {
            EXPECT_EQ(*reached, from);
        }
    }
    EXPECT_EQ(next(lifecycle::at(paused), event::restarted)->now, paused);
}

TEST(lifecycle, reads_what_it_prints) {
    for (const auto state : lifecycle_states)
        EXPECT_EQ(parse_lifecycle_state(to_string(state)), state);
    EXPECT_EQ(parse_lifecycle_state("running"), std::nullopt);
}

} // namespace understudy::state

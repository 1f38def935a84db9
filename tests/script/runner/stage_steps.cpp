// Stage: what each action of a script does.
#include <algorithm>
#include <thread>

#include "base/text.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "tests/script/runner/stage.h"
#include "tests/script/runner/xml_match.h"

namespace clarion::script {

namespace {

constexpr Millis nothing_window(300);
constexpr Millis ask_again(100);

/// "2 seconds", "500 ms", "1.5s".
std::optional<Millis> duration_of(std::string_view text) {
    std::string compact;
    for (const char c : text) {
        if (c != ' ') compact += c;
    }
    for (const auto& [word, unit] : {std::pair{"milliseconds", "ms"}, std::pair{"seconds", "s"},
                                     std::pair{"second", "s"}, std::pair{"minutes", "min"}}) {
        if (const std::string_view ending = word; compact.ends_with(ending)) {
            compact.replace(compact.size() - ending.size(), ending.size(), unit);
        }
    }
    const auto parsed = parse_duration(compact);
    if (!parsed) return std::nullopt;
    return std::chrono::duration_cast<Millis>(*parsed);
}

/// What follows `prefix` and a blank, if `action` starts with it.
std::optional<std::string_view> after(std::string_view action, std::string_view prefix) {
    if (!action.starts_with(prefix)) return std::nullopt;
    const auto rest = action.substr(prefix.size());
    if (!rest.empty() && rest.front() != ' ') return std::nullopt;
    return trim(rest);
}

Error unknown_action(const Step& step) {
    return fail("step", "unknown action: " + step.actor + " " + step.action);
}

Error bad_duration(std::string_view text) {
    return fail("step", "'" + std::string(text) + "' is no duration");
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    for (const auto word : split(text, ' ')) {
        if (!word.empty()) words.emplace_back(word);
    }
    return words;
}

/// The line breaks and indentation of the script are not part of the stanza.
void drop_layout(const xml::Element& from, xml::Element& to) {
    for (const auto* a = from.first_attribute(); a != nullptr; a = a->next) {
        to.set_attr(a->name, a->value, a->ns);
    }
    for (const auto* node = from.first_node(); node != nullptr; node = node->next) {
        if (const auto* element = node->as_element()) {
            drop_layout(*element, to.add(element->name(), element->ns()));
        } else if (!trim(node->text).empty()) {
            to.add_text(node->text);
        }
    }
}

/// The variable for the id that a request of the server really has.
std::string request_id(const Peer& peer, std::string_view id, std::string_view address) {
    return "request " + std::string(id) + " of " + std::string(address) + " to " +
           peer.actor().name;
}

/// Requests among what is expected may have any id, which is kept.
void loosen_ids(const Peer& peer, xml::Element& expected) {
    for (xml::Element* iq = expected.first_child(); iq; iq = iq->next_sibling()) {
        const std::string id(iq->attr("id"));
        const bool asks = iq->attr("type") == "get" || iq->attr("type") == "set";
        if (!asks || id.empty() || id.front() == '{') continue;
        iq->set_attr("id", "{scansion:capture:" + request_id(peer, id, iq->attr("from")) + "}");
    }
}

/// The answers to them have it, too.
void answer_ids(const Peer& peer, const Variables& variables, xml::Element& sent) {
    for (xml::Element* iq = sent.first_child(); iq; iq = iq->next_sibling()) {
        const bool answers = iq->attr("type") == "result" || iq->attr("type") == "error";
        const auto* const id =
            answers ? variables.find(request_id(peer, iq->attr("id"), iq->attr("to"))) : nullptr;
        if (id) iq->set_attr("id", *id);
    }
}

/// Whether running this again has no effect, so that its outcome may be waited for.
bool only_looks(const std::vector<std::string>& words) {
    const auto is_look = [](std::string_view word) {
        return word == "list" || word == "show" || word == "stats" || word == "status";
    };
    return std::any_of(words.begin(), words.end(), is_look);
}

}  // namespace

Result<void> Stage::run(const Step& step) {
    if (Peer* peer = find(step.actor)) return run_peer(*peer, step);
    if (after(step.action, "clarionctl")) return run_clarionctl(step);
    if (after(step.action, "server")) return run_server(step);
    for (const auto* verb : {"wait", "waits"}) {
        if (const auto time = after(step.action, verb)) return rest(*time);
    }
    return unknown_action(step);
}

Result<void> Stage::run_peer(Peer& peer, const Step& step) {
    const std::string& action = step.action;
    if (action == "connects") return peer.connect();
    if (action == "disconnects") return peer.disconnect();
    if (action == "sends") return send(peer, step);
    if (action == "receives") return receive(peer, step);
    if (action == "receives nothing") return receive_nothing(peer, nothing_window);
    if (const auto time = after(action, "receives nothing within")) {
        const auto window = duration_of(*time);
        return window ? receive_nothing(peer, *window) : Result<void>(bad_duration(*time));
    }
    if (const auto time = after(action, "waits")) return rest(*time);
    if (action.starts_with("sends ")) return send_raw(peer, step);
    if (action == "opens a connection") return peer.open_socket();
    if (action == "opens a stream") return peer.open_stream();
    if (action == "authenticates") return peer.authenticate();
    if (action == "binds") return peer.bind();
    if (action == "is disconnected") return expect_closed(peer);
    if (action == "fails to log in") return expect_refusal(peer, step);
    bool known = true;
    auto done = run_sm(peer, step, known);
    return known ? done : Result<void>(unknown_action(step));
}

Result<void> Stage::run_sm(Peer& peer, const Step& step, bool& known) {
    const std::string& action = step.action;
    if (action == "enables stream management") return peer.enable_sm(true);
    if (action == "enables stream management without resumption") return peer.enable_sm(false);
    if (action == "resumes") return peer.resume();
    if (action == "'s connection is cut") {
        peer.cut();
    } else if (action == "'s connection freezes") {
        peer.freeze();
    } else if (action == "stops acknowledging") {
        peer.answer_requests(false);
    } else if (action == "acknowledges automatically") {
        peer.answer_requests(true);
    } else if (action == "acknowledges") {
        peer.acknowledge(std::nullopt);
    } else if (const auto count = after(action, "acknowledges")) {
        const auto number = parse_int(*count);
        if (!number) return unknown_action(step);
        peer.acknowledge(static_cast<std::uint32_t>(*number));
    } else if (action == "requests an acknowledgement") {
        peer.request_ack();
    } else {
        known = false;
    }
    return {};
}

Result<void> Stage::rest(std::string_view text) {
    const auto duration = duration_of(text);
    if (!duration) return bad_duration(text);
    wait_until([] { return false; }, *duration);
    return {};
}

// --- sending ------------------------------------------------------------------------------------

Result<xml::Document> Stage::step_xml(const Step& step) {
    const auto text = variables_.expand(step.text(), Variables::Escape::xml);
    if (!text) return text.error();
    auto document = parse_step_xml(*text);
    if (document.empty()) return fail("step", "the XML below is not well-formed");
    if (!document.root().has_children()) return fail("step", "there is no XML below");
    xml::Document compact(document.root().name(), document.root().ns());
    drop_layout(document.root(), compact.root());
    return compact;
}

Result<void> Stage::send(Peer& peer, const Step& step) {
    auto document = step_xml(step);
    if (!document) return document.error();
    if (options_.loose_ids) answer_ids(peer, variables_, document->root());
    peer.send(document->root());
    return {};
}

/// "sends raw": the lines as they are, without indentation; "sends N bytes": N times the letter x.
Result<void> Stage::send_raw(Peer& peer, const Step& step) {
    const auto words = words_of(step.action);
    std::string bytes;
    if (words.size() == 2 && words[1] == "raw") {
        const auto text = variables_.expand(step.text(), Variables::Escape::none);
        if (!text) return text.error();
        for (const auto line : split(*text, '\n')) {
            if (!trim(line).empty()) bytes.append(bytes.empty() ? "" : "\n").append(trim(line));
        }
    } else if (words.size() == 3 && words[2] == "bytes" && parse_int(words[1])) {
        bytes.assign(static_cast<std::size_t>(*parse_int(words[1])), 'x');
    } else {
        return unknown_action(step);
    }
    peer.send_raw(bytes);
    return {};
}

// --- receiving ----------------------------------------------------------------------------------

bool Stage::take_match(Peer& peer, const xml::Element& expected, std::string& why, bool& hopeless) {
    auto& inbox = peer.inbox();
    why.clear();
    for (auto at = inbox.begin(); at != inbox.end(); ++at) {
        if (at->quiet && expected.ns() != ns::sm) continue;
        const auto& root = at->document.root();
        auto comparison = compare(expected, root);
        if (comparison.matches()) {
            for (const auto& [name, value] : comparison.captures) variables_.set(name, value);
            inbox.erase(at);
            return true;
        }
        why +=
            "  but got (" + *comparison.difference + "):\n" + indented_xml(xml::to_string(root), 4);
        if (in_order_ && !at->quiet) {
            hopeless = true;
            return false;
        }
    }
    return false;
}

Result<void> Stage::receive(Peer& peer, const Step& step) {
    auto document = step_xml(step);
    if (!document) return document.error();
    if (options_.loose_forms) loosen_forms(document->root());
    if (options_.loose_ids) loosen_ids(peer, document->root());
    for (const xml::Element& expected : document->root().children()) {
        std::string why;
        bool taken = false;
        bool hopeless = false;
        wait_until(
            [&] {
                taken = take_match(peer, expected, why, hopeless);
                return taken || hopeless || peer.was_closed();
            },
            timeout_);
        if (!taken) taken = take_match(peer, expected, why, hopeless);
        if (taken) continue;
        if (why.empty())
            why = peer.was_closed() ? "  but the stream is closed\n" : "  but got nothing\n";
        return fail("step", peer.actor().name + " should receive\n" +
                                indented_xml(xml::to_string(expected), 4) + why);
    }
    return {};
}

Result<void> Stage::receive_nothing(Peer& peer, Millis window) {
    const auto seen = [&] {
        const auto& inbox = peer.inbox();
        return std::any_of(inbox.begin(), inbox.end(), [](const auto& one) { return !one.quiet; });
    };
    if (!wait_until(seen, window)) return {};
    std::string text = peer.actor().name + " should receive nothing, but got\n";
    for (const auto& one : peer.inbox()) {
        if (!one.quiet) text += indented_xml(xml::to_string(one.document.root()), 4);
    }
    return fail("step", text);
}

Result<void> Stage::expect_closed(Peer& peer) {
    if (wait_until([&] { return peer.was_closed(); }, timeout_)) return {};
    return fail("step", peer.actor().name + " should be disconnected, but is not");
}

/// The lines below are pieces of the answer: "not-authorized".
Result<void> Stage::expect_refusal(Peer& peer, const Step& step) {
    const auto done = peer.connect();
    if (done) return fail("step", peer.actor().name + " should not be able to log in");
    const auto& why = done.error().text;
    if (done.error().code != "login") return done;
    for (const auto& piece : step.body) {
        if (why.find(trim(piece)) == why.npos) return fail("step", "unexpected reason: " + why);
    }
    return peer.disconnect();
}

// --- the server ---------------------------------------------------------------------------------

Result<void> Stage::run_server(const Step& step) {
    const auto what = *after(step.action, "server");
    if (options_.external) return fail("step", "this server was not started by the runner");
    if (what == "is stopped") return stop_server();
    if (what == "is started") return server_.start();
    if (what == "is killed") {
        server_.kill();
        return {};
    }
    if (what == "is reloaded") {
        server_.reload();
        return {};
    }
    if (what == "is restarted" || what == "is killed and started") return restart_server(what);
    return unknown_action(step);
}

Result<void> Stage::restart_server(std::string_view how) {
    if (how == "is restarted") {
        if (auto stopped = stop_server(); !stopped) return stopped;
    } else {
        server_.kill();
    }
    read_all(Millis(0));
    return server_.start();
}

Result<void> Stage::run_clarionctl(const Step& step) {
    if (options_.external) return fail("step", "this server was not started by the runner");
    const auto command =
        variables_.expand(*after(step.action, "clarionctl"), Variables::Escape::none);
    const auto wanted = variables_.expand(step.text(), Variables::Escape::none);
    if (!command || !wanted) return command ? wanted.error() : command.error();
    auto words = words_of(*command);
    const bool should_fail = !words.empty() && words.front() == "fails";
    if (should_fail) words.erase(words.begin());
    std::string why;
    const auto satisfied = [&] {
        const auto outcome = server_.control(words);
        transcript_.note("clarionctl " + *command, outcome.output);
        why.clear();
        if ((outcome.status != 0) != should_fail) {
            why = "exit status " + std::to_string(outcome.status);
        }
        for (auto line : split(*wanted, '\n')) {
            line = trim(line);
            const bool unwanted = line.starts_with('!');
            if (unwanted) line = trim(line.substr(1));
            if (line.empty() || (outcome.output.find(line) != std::string::npos) != unwanted) {
                continue;
            }
            why += (unwanted ? " has '" : " lacks '") + std::string(line) + "'";
        }
        if (!why.empty()) why += " in:\n" + outcome.output;
        return why.empty();
    };
    const auto give_up = std::chrono::steady_clock::now() + timeout_;
    while (!satisfied()) {
        if (!only_looks(words) || std::chrono::steady_clock::now() > give_up) {
            return fail("step", "clarionctl " + *command + ":" + why);
        }
        wait_until([] { return false; }, ask_again);
    }
    return {};
}

}  // namespace clarion::script

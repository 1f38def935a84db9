// Stage: plays one script against a server.
//
// Owns the peers, the variables and the server process. One thread: every step runs to its end
// before the next; whenever a step waits, all peers go on reading.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/script/runner/peer.h"
#include "tests/script/runner/script.h"
#include "tests/script/runner/server_process.h"
#include "tests/script/runner/transcript.h"
#include "tests/script/runner/variables.h"

namespace clarion::script {

struct StageOptions {
    Programs programs;
    std::optional<Endpoint> external;            // --server: nothing is started
    std::optional<Endpoint> external_component;  // --component-server
    std::string toml;          // --options: for all scripts; what a script says itself replaces it
    bool loose_forms = false;  // --loose-forms
    bool loose_ids = false;    // --loose-ids
    bool keep = false;
    bool verbose = false;
    double patience = 1;  // --patience: every timeout is multiplied by it (sanitizers)
};

class Stage final : private Poller {
public:
    Stage(const Script& script, std::string_view source, const StageOptions& options);
    ~Stage();

    /// Starts the server, plays all steps, stops the server. The error says which line and why.
    Result<void> play();
    /// What to show when play() failed: transcript and the end of the server's log.
    std::string evidence() const;

private:
    // setting up (stage.cpp)
    Result<void> start_server();
    Result<void> create_accounts();
    ServerSetup setup() const;
    std::vector<std::string> domains() const;
    void make_peers();
    bool wait_until(const std::function<bool()>& condition, Millis timeout) override;
    void read_all(Millis timeout);
    Result<void> stop_server();

    // steps (stage_steps.cpp)
    Result<void> run(const Step& step);
    Result<void> run_peer(Peer& peer, const Step& step);
    Result<void> run_sm(Peer& peer, const Step& step, bool& known);
    Result<void> run_server(const Step& step);
    Result<void> restart_server(std::string_view how);
    Result<void> run_clarionctl(const Step& step);
    Result<void> send(Peer& peer, const Step& step);
    Result<void> send_raw(Peer& peer, const Step& step);
    Result<void> receive(Peer& peer, const Step& step);
    Result<void> receive_nothing(Peer& peer, Millis window);
    Result<void> expect_closed(Peer& peer);
    Result<void> expect_refusal(Peer& peer, const Step& step);
    Result<void> rest(std::string_view duration);

    /// The script's XML with variables filled in.
    Result<xml::Document> step_xml(const Step& step);
    /// The first received element that matches, taken; nullopt and `why` if none does (yet).
    bool take_match(Peer& peer, const xml::Element& expected, std::string& why, bool& hopeless);
    void remember_jids();
    Peer* find(std::string_view name);

    const Script& script_;
    std::string source_;
    StageOptions options_;
    Millis timeout_;
    bool in_order_;
    Transcript transcript_;
    Variables variables_;
    ServerProcess server_;
    std::vector<std::unique_ptr<Peer>> peers_;
};

}  // namespace clarion::script

import Delivery
import MeshFiles
import MeshModel
import SystemAccess
import TestSupport
import Testing

@testable import HauberkCommands

/// Who is taken for ready while keys rotate, and whom `push --behind` asks.
@Suite struct StageAnswersTests {
    private func answers(_ outcome: HostDelivery.Outcome, _ answer: String?) -> StageAnswers {
        StageAnswers([HostDelivery("h1", outcome, answer: answer)]) { $0 == "KEY" ? "h2" : nil }
    }

    @Test(arguments: [HostDelivery.Outcome.new, .unchanged])
    func `a host that has the files and waits for nobody is ready`(outcome: HostDelivery.Outcome) throws {
        let said = answers(outcome, #"{"outcome" : "applied", "waiting" : []}"#)
        #expect(said.ready == ["h1"] && said.notes == [])
    }

    @Test(arguments: [
        nil, "", "{", "[]", #"{"outcome" : "applied"}"#, #"{"waiting" : null}"#, #"{"waiting" : ""}"#,
        #"{"waiting" : [1]}"#,
    ])
    func `a host whose answer was lost is not ready, and that is said`(answer: String?) throws {
        let said = answers(.new, answer)
        #expect(said.ready == [])
        #expect(said.notes == ["h1: its answer was lost; push again, to know whether it is in the stage"])
    }

    @Test func `a host that has not heard a peer is not ready, and the peer is named`() throws {
        let said = answers(.new, #"{"waiting" : ["KEY", "other"]}"#)
        #expect(said.ready == [] && said.notes == ["h1: no answer on its next interface from h2, other"])
    }

    @Test(arguments: HostDelivery.Outcome.allCases.filter { !$0.isCaughtUp })
    func `a host that is not caught up is not ready, whatever it answered`(outcome: HostDelivery.Outcome) throws {
        #expect(answers(outcome, #"{"waiting" : []}"#).ready == [])
    }

    /// The lock file as it is now.
    private func lock(_ scene: OperatorsScene) throws -> LockFile {
        try LockFile(parsing: Array(try #require(text("\(scene.mesh)/mesh.lock")).utf8), file: "mesh.lock")
    }

    private func withRotation(_ work: (OperatorsScene) throws -> Void) throws {
        try OperatorsScene.with { scene in
            let yaml = "\(scene.mesh)/mesh.yaml"
            try save(try #require(text(yaml)) + "rotation: {}\n", to: yaml)
            try work(scene)
        }
    }

    @Test func `a step that somebody else has taken is another one, and a host that is ready makes none`() throws {
        try withRotation { scene in
            let idle = try lock(scene)
            try scene.does(["rotate", "web"], as: "alice")
            let prepared = try lock(scene)
            #expect(!idle.isSameStep(as: prepared))
            try scene.does(["rotate", "acknowledge", "web"], as: "alice")
            #expect(try lock(scene) != prepared && lock(scene).isSameStep(as: prepared))
            var seen = [idle, prepared]
            let steps = [
                ["rotate", "advance", "--absent", "db", "--absent", "laptop"],
                // Who comes back has the others asked anew.
                ["rotate", "acknowledge", "db"], ["rotate", "--now", "--compromised", "web", "--yes"],
                ["rotate", "abort"], ["rotate", "advance", "--acknowledged", "all"], ["rotate", "web"],
            ]
            for step in steps {
                try scene.does(step, as: "alice")
                let now = try lock(scene)
                #expect(seen.allSatisfy { !$0.isSameStep(as: now) }, "\(step)")
                seen.append(now)
            }
        }
    }

    @Test func `while keys rotate, those that are not ready are behind, and those without their trees always are`()
        throws
    {
        try withRotation { scene in
            let out = "\(scene.folder)/out"
            try scene.does(["rotate", "web"], as: "alice")
            try scene.does(["rotate", "acknowledge", "db"], as: "alice")
            try scene.does(["render", "--out", out], as: "alice")
            let mesh = try LoadedMesh.read(scene.mesh, .withoutKeyring).complete()
            let session = try PushSession(mesh, out: out, PushSession.Settings())
            let record = DeliveryFolder(out: out, mesh: mesh.name)
            #expect(session.hosts == ["db", "laptop", "web"])
            #expect(try session.behind(session.hosts, lock(scene)) == ["db", "laptop", "web"])
            for peer in session.hosts {
                let tree = try session.trees.tree(of: peer).digest
                try DeliveryRecord(peer: peer, tree: tree).write(in: record)
            }
            #expect(try session.behind(session.hosts, lock(scene)) == ["laptop", "web"])
            #expect(try session.behind(["db", "web"], lock(scene)) == ["web"])
            // As rendered, nobody asks for the stage.
            #expect(try session.behind(session.hosts, nil) == [])
            try DeliveryRecord(peer: "db", tree: "another").write(in: record)
            #expect(try session.behind(session.hosts, lock(scene)) == ["db", "laptop", "web"])
            #expect(try session.behind(session.hosts, nil) == ["db"])
        }
    }

    @Test func `where no keys rotate, nobody has to be ready, and a push cleans up after a killed one`() throws {
        try OperatorsScene.with { scene in
            let out = "\(scene.folder)/out"
            try scene.does(["render", "--out", out], as: "alice")
            let mesh = try LoadedMesh.read(scene.mesh, .withoutKeyring).complete()
            let session = try PushSession(mesh, out: out, PushSession.Settings())
            for peer in session.hosts {
                let tree = try session.trees.tree(of: peer).digest
                try DeliveryRecord(peer: peer, tree: tree).write(in: DeliveryFolder(out: out, mesh: mesh.name))
            }
            #expect(try session.behind(session.hosts, lock(scene)) == [])
            // No process has the greatest of all numbers (proc(5), pid_max).
            let left = "\(out)/.hauberk/\(mesh.name)/delivered/.web~\(Int32.max)"
            try save("{", to: left)
            try scene.does(["push", "--behind", "--out", out], as: "alice")
            #expect(text(left) == nil)
        }
    }
}

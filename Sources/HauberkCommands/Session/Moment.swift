import MeshFiles
import SystemAccess

/// The present.
enum Moment {
    /// Of the surroundings' clock; a clock outside of years 0 to 9999 counts as 1970.
    static var now: UTCTime { UTCTime(seconds: Surroundings.current.clock.wall()) ?? epoch }

    private static let epoch: UTCTime = {
        guard let epoch = UTCTime(seconds: 0) else { preconditionFailure("1970 is a time") }
        return epoch
    }()
}

import Testing

@Suite struct HostPlansSmokeTests {
    @Test func `the suite runs`() {}
}

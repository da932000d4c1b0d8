import Testing

@Suite struct RenderingSmokeTests {
    @Test func `the suite runs`() {}
}

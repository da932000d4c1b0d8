import Testing

@Suite struct MeshModelSmokeTests {
    @Test func `the suite runs`() {}
}

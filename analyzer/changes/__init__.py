"""What changed between two captures, or exports of them: before and after a change of policy, say."""

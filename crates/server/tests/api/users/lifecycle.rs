//! The lifecycle operations.

use serde_json::json;

use crate::context::text;

on_both_engines! {
    async fn suspend_user_rejects_a_staged_user(org: TestOrg) {
        let user = org.create_with("?activate=false", "isaac@example.com", json!({})).await;
        let answer = org.post(&format!("/api/v1/users/{}/lifecycle/suspend", text(&user, "id")), None).await;
        let cause = "Cannot suspend a user that is not active";
        answer.refused(400, "E0000001", "Api validation failed: suspendUser", &[cause]);
    }
}

on_both_engines! {
    async fn suspend_and_unsuspend_move_status_and_times(org: TestOrg) {
        let user = org.create_active("isaac@example.com", "Abcd1234#@").await;
        let path = format!("/api/v1/users/{}", text(&user, "id"));
        org.wait_seconds(5);
        assert_eq!(org.post(&format!("{path}/lifecycle/suspend"), None).await.ok(), json!({}));
        let suspended = org.get(&path).await.ok();
        assert_eq!(text(&suspended, "status"), "SUSPENDED");
        assert_eq!(text(&suspended, "statusChanged"), "2026-01-02T03:04:10.000Z");
        assert_eq!(suspended["lastUpdated"], suspended["statusChanged"]);
        assert_eq!(suspended["activated"], user["activated"]);
        assert_eq!(org.post(&format!("{path}/lifecycle/unsuspend"), None).await.ok(), json!({}));
        assert_eq!(org.status(&text(&user, "id")).await, "ACTIVE");
    }
}

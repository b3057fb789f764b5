from bmc_bench import BIOS, JOBS, ON_RESET, RESET, ROOT, attributes, said, stage


def test_deleting_a_waiting_job_forgets_its_values(client):
    task = stage(client, {"LogicalProc": "Disabled"}, **ON_RESET).headers["Location"]
    identity = task.rpartition("/")[2]
    assert client.delete(f"{JOBS}/{identity}").status_code == 200
    assert client.get(f"{BIOS}/Settings").json()["Attributes"] == {}
    assert client.get(f"{JOBS}/{identity}").status_code == 404
    assert client.delete(f"{JOBS}/{identity}").status_code == 404


def test_a_running_job_cannot_be_deleted(stand, client):
    identity = stage(client, {"LogicalProc": "Disabled"}, **ON_RESET).headers["Location"].rpartition("/")[2]
    assert client.get(f"{JOBS}/{identity}").json()["JobState"] == "Scheduled"
    stand.bmcs["worker01"].faults.stuck_jobs = True
    client.post(RESET, json={"ResetType": "ForceRestart"})
    assert client.get(f"{JOBS}/{identity}").json()["JobState"] == "Running"
    assert said(client.delete(f"{JOBS}/{identity}"))[0][0] == "RAC0679"
    assert attributes(client)["LogicalProc"] == "Enabled"
    stand.bmcs["worker01"].faults.stuck_jobs = False
    assert client.get(f"{JOBS}/{identity}").json()["JobState"] == "Completed"
    assert attributes(client)["LogicalProc"] == "Disabled"


def test_the_job_queue_is_cleared_at_once(stand, client):
    clear = f"{ROOT}/Managers/iDRAC.Embedded.1/Oem/Dell/DellJobService/Actions/DellJobService.DeleteJobQueue"
    assert client.post(clear, json={}).status_code == 400
    assert client.post(clear, json={"JobID": "JID_000000000000"}).status_code == 404
    stage(client, {"LogicalProc": "Disabled"}, **ON_RESET)
    stand.bmcs["worker01"].faults.stuck_jobs = True
    client.post(RESET, json={"ResetType": "ForceRestart"})
    assert said(client.post(clear, json={"JobID": "JID_CLEARALL"}))[0][0] == "RAC0679"
    stand.bmcs["worker01"].faults.stuck_jobs = False
    assert client.post(clear, json={"JobID": "JID_CLEARALL"}).status_code == 200
    assert client.get(JOBS).json()["Members"] == []

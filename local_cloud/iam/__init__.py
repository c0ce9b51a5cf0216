"""Who calls, and whether IAM lets them: of every call that is not the cloud's own.

callers: who, and with which policies. needs: what a call must be allowed. naming, resources, conditions:
which resources that is about, and the values of condition keys. policy: the language and the decision.
enforcement: AWS's answer.
"""
